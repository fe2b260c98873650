import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from services.common.errors import ConfigurationError
from services.local.bench.__main__ import chosen
from services.local.bench.figures import Aim, Figure, number, percentile
from services.local.bench.load import fire, request
from services.local.bench.month import BSNS, Month
from services.local.bench.nation import Nation
from services.local.bench.report import write
from services.local.bench.sending import Plan
from services.local.bench.shared import Shared

ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}"
SMALL = Nation(municipalities=5, creditors=10)


class Server:
    """Answers every request, one at a time, after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._one = asyncio.Lock()
        self._thread = Thread(target=self._loop.run_forever)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(10_000):
            async with self._one:
                await asyncio.sleep(self._seconds)
            writer.write(ANSWER)
        writer.close()

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __exit__(self, *raised: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)


@pytest.mark.parametrize(
    ("letters", "run"),
    [([], "abcdefg"), (["all"], "abcdefghijkl"), (["k", "a"], "ak"), (["l"], "l")],
    ids=["none", "all", "two", "one"],
)
def test_a_to_g_are_measured_unless_somebody_says_which(letters: list[str], run: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        found = chosen(letters, Shared(0.01, 1, tmp_path, stack))
    assert "".join(sorted(each.letter for each in found)) == run


def test_a_letter_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with ExitStack() as stack, pytest.raises(ConfigurationError, match="no benchmark z; choose from a b"):
        chosen(["a", "z"], Shared(0.01, 1, tmp_path, stack))


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_the_value_of_its_rank(percent: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_one_value_is_every_percentile() -> None:
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7.0


def test_a_figure_says_whether_its_aim_was_met() -> None:
    slow = Figure(what="rate", measured=14_999.7, unit="records/s", aim=Aim(15_000, at_least=True))
    assert (slow.value, slow.wanted, slow.held) == ("15,000 records/s", "at least 15,000 records/s", "no")
    assert Figure(what="p99", measured=9.99, unit="ms", aim=Aim(10)).held == "yes"
    assert Figure(what="p99", measured=10.0, unit="ms", aim=Aim(10)).held == "no"
    assert Figure(what="CPU", measured=1).held == ""


def test_numbers_have_three_digits_or_are_whole() -> None:
    assert [number(each) for each in (0.61234, 59.96, 123.4, 8, 105_000.0)] == [
        "0.612",
        "60",
        "123",
        "8",
        "105,000",
    ]


def test_a_table_is_written_between_its_marks_and_again(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n")
    for measured in (1.0, 2.0):
        write(page, "a", [Figure(what="ratio", measured=measured, aim=Aim(0.6, at_least=True))], "a machine")
    text = page.read_text()
    assert "| ratio | 2 | at least 0.6 | yes |" in text
    assert "old" not in text
    assert "| ratio | 1 |" not in text
    assert text.startswith("before\n<!-- a: begin -->\nMeasured ")
    assert text.endswith("|\n<!-- a: end -->\nafter\n")


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ConfigurationError, match="lacks the line"):
        write(page, "a", [], "a machine")


def test_a_slow_server_makes_the_schedule_wait_for_nobody() -> None:
    with Server(0.02) as url:
        begin = time.monotonic()
        fired = fire(Plan(url=url, requests=[request("/", "t", b"{}")], rate=200, count=40))
    gaps = [second - first for first, second in zip(fired.due, fired.due[1:], strict=False)]
    assert fired.failed(202) == 0
    assert max(gaps) == pytest.approx(1 / 200)
    assert fired.latencies()[-1] > 500  # 40 answers of 20 ms, all due within 0.2 s: the wait counts
    assert fired.due[0] > begin


def test_a_server_that_is_away_counts_as_failed() -> None:
    with Server(0) as url:
        pass
    assert fire(Plan(url=url, requests=[b"x"], rate=100, count=5)).status == [0] * 5


def test_a_month_is_the_same_each_time_and_two_months_share_no_home() -> None:
    first, other = Month(SMALL, "one", 200), Month(SMALL, "two", 200)
    homes = [{each.home for each in month.signals()} for month in (first, other)]
    assert [*first.signals()] == [*first.signals()]
    assert homes[0].isdisjoint(homes[1])
    assert 0 < first.multiple() < len(homes[0])


def test_a_creditor_sends_only_where_it_has_an_agreement() -> None:
    agreed = {(each.grantee, each.grantor) for each in SMALL.agreements()}
    codes = {SMALL.code(number): SMALL.oin(number) for number in range(SMALL.municipalities)}
    sent = {
        (each.creditor.oin, codes[each.content["gemeentecode"]]) for each in Month(SMALL, "m", 300).signals()
    }
    assert sent <= agreed


def test_deliveries_hold_every_signal_of_a_month_once() -> None:
    month = Month(SMALL, "m", 300)
    assert sum(body.count(b"\n") for body in month.deliveries().values()) == 300
    assert len(BSNS) > 9_000
