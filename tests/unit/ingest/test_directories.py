"""Master data as the gate sees them: as they are now, or not at all."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from services.common.errors import TransientError
from services.common.progress import SILENT_SECONDS
from services.common.testing import make_runtime
from services.common.view import View
from services.ingest.directories import Directories

TOPICS = ("parties.v1", "agreements.v1", "policies.v1")
Trouble = Callable[[View[Any]], None]


def not_read(view: View[Any]) -> None:
    view._caught_up.clear()


def silent(view: View[Any]) -> None:
    view._progress._last_word -= 2 * SILENT_SECONDS


def read_again(view: View[Any]) -> None:
    view._lost_at = monotonic() - 2 * SILENT_SECONDS


@pytest.mark.parametrize("number", range(3), ids=TOPICS)
@pytest.mark.parametrize("trouble", [not_read, silent, read_again], ids=lambda trouble: trouble.__name__)
async def test_nobody_is_judged_by_master_data_that_may_not_be_those_of_now(
    number: int, trouble: Trouble
) -> None:
    runtime = await make_runtime("ingest")
    views: list[View[Any]] = [View(topic, runtime) for topic in TOPICS]
    directories = Directories(*views)
    for view in views:
        view._caught_up.set()
    assert directories.current().parties == {}
    trouble(views[number])
    with pytest.raises(TransientError):
        directories.current()


async def test_a_record_that_cannot_be_read_stops_nobody_but_its_own_party() -> None:
    runtime = await make_runtime("ingest")
    views: list[View[Any]] = [View(topic, runtime) for topic in TOPICS]
    for view in views:
        view._caught_up.set()
        view._content.unreadable.add(b"party")
    assert Directories(*views).current().parties == {}
