from datetime import UTC, datetime

from services.common.events import Refusal
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.intake import refused
from services.ingest.judging import Delivery, Judged, Row
from tests.unit.ingest.messages import LANDLORD, directory

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def refusal(
    delivery: str | None, row: int = 1, reason: Reason = Reason.AMOUNT_INVALID
) -> tuple[str, Refusal]:
    judged = Judged(Row(row, None, b"x"), Delivery(LANDLORD, delivery), None, (Problem(reason),))
    [found] = refused(judged, directory(), "hash", NOW)
    assert isinstance(found.event, Refusal)
    return found.id, found.event


def test_a_row_of_a_delivery_that_is_taken_in_again_is_the_same_refusal() -> None:
    assert refusal("d-1") == refusal("d-1")
    assert refusal(None) == refusal(None)


def test_the_refusals_of_another_delivery_row_or_reason_are_others() -> None:
    others = [
        refusal(None),
        refusal("d-1"),
        refusal("d-2"),
        refusal("d-1", 2),
        refusal("d-1", 1, Reason.NAME_INVALID),
    ]
    assert len({id_ for id_, _ in others}) == len(others)
