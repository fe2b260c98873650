"""The result file: what a sender reads of each row."""

import csv
import io

from services.common.testing import FakeClock
from services.ingest.api.results import HEAD, result_file
from services.ingest.delivery_storage import Counts, DeliveryRow, DeliveryState, DeliverySummary, Status

SUMMARY = DeliverySummary("id", None, FakeClock().now(), Status.DONE, Counts(), trial=False)
ROWS = (
    DeliveryRow(2, "K;1", "an-id", "geaccepteerd", (), ()),
    DeliveryRow(3, None, None, "geweigerd", ("FIELD_MISSING", "UNREADABLE"), ("adres.postcode", None)),
    DeliveryRow(9, "K-2", None, "conflict", (), ()),
)


async def test_every_row_is_in_it_once_with_codes_fields_and_sentences() -> None:
    pages = {9: DeliveryState(SUMMARY, ROWS[2:], None)}

    async def find(row: int) -> DeliveryState | None:
        return pages[row]

    text = "".join([piece async for piece in result_file(DeliveryState(SUMMARY, ROWS[:2], 9), find)])
    assert text.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert found[0] == list(HEAD)
    assert [row[:6] for row in found[1:]] == [
        ["2", "K;1", "an-id", "geaccepteerd", "", ""],
        ["3", "", "", "geweigerd", "FIELD_MISSING | UNREADABLE", "adres.postcode | "],
        ["9", "K-2", "", "conflict", "", ""],
    ]
    assert found[2][6].startswith("Dit veld is verplicht. | ")
