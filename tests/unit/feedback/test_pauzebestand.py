"""The file of a day: what a creditor opens in a spreadsheet, with words of a bailiff in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.common.events import Pause, PauseChange, PauseGround
from services.feedback.api.pauzebestand import day_file
from services.feedback.domain import Owner
from services.feedback.pause_reading import PauseRow, Pauses

DAY = datetime(2026, 3, 26, tzinfo=UTC)


class OneChange:
    """Of the day there is the begin of one pause by a check."""

    def __init__(self, dossier: str) -> None:
        self._pause = Pause(
            pause_id="p",
            creditor="00000099000000000001",
            municipality="00000099000000000002",
            change=PauseChange.STARTED,
            signal_ids=(),
            starts_at=DAY,
            ends_at=DAY + timedelta(days=30),
            ground=PauseGround.CHECK,
            check_id="c",
            dossier=dossier,
        )

    async def changed(
        self, whose: Any, since: Any, until: Any, position: int, limit: int
    ) -> Sequence[PauseRow]:
        row = PauseRow(pause=self._pause, changed_at=DAY, position=1, acknowledged_at=None, runs=True)
        return [] if position else [row]


@pytest.mark.parametrize(
    ("dossier", "cell"),
    [
        pytest.param(
            '=HYPERLINK("https://x.example")', '"\'=HYPERLINK(""https://x.example"")"', id="formula"
        ),
        pytest.param("+31", "'+31", id="plus"),
        pytest.param("-12/3", "'-12/3", id="minus"),
        pytest.param("@SUM(1)", "'@SUM(1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab-of-before-it-was-refused"),
        pytest.param("2026/12-3 = D", "2026/12-3 = D", id="plain"),
    ],
)
async def test_a_dossier_of_a_bailiff_is_no_formula_in_the_file_of_a_creditor(
    dossier: str, cell: str
) -> None:
    pauses, whose = cast("Pauses", OneChange(dossier)), cast("Owner", None)
    pieces = [piece async for piece in day_file(pauses, whose, DAY, DAY + timedelta(days=1))]
    assert pieces[1].split(";")[5] == cell
