"""What is searched for in the logs of a crash test is what its parties said at any time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.real.crash.history import Check, History, Home, Moment, Person, Sent, Signal
from tests.real.crash.leaking import SENT, leaks
from tests.real.hub.town import LANDLORD, TOWN

AT = Moment(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))


def told() -> History:
    """A signal that moved, a registration that moved, and a check."""
    found = History()
    resident = Person("Bakker", "J", "1961-02-13")
    found.sent["s"] = Sent([signal(resident, ("1234AB", 1)), signal(resident, ("1234CD", 2))])
    helped = Person("Visser", "M", "1972-03-14", "999990019")
    for home in (("1234EG", 3), ("1234HJ", 4)):
        found.helps("r", helped, "Hulp r", home, AT)
    found.checks.append(Check("d", "999990020", unknown=True))
    return found


def signal(person: Person, home: Home) -> Signal:
    return Signal(
        id="s",
        creditor=LANDLORD,
        town=TOWN,
        home=home,
        unit="",
        on="2026-03-09",
        amount=45_000,
        crisis=False,
        person=person,
        at=AT,
    )


@pytest.mark.parametrize(
    "said",
    ["1234AB", "1234cd", "1234EG", "1234hj", "Bakker", "visser", "1961-02-13", "999990019", "999990020"],
)
def test_what_anybody_said_at_any_time_is_found_in_a_log(tmp_path: Path, said: str) -> None:
    (tmp_path / "ingest-0.log").write_text(f'{{"event": "x", "text": "{said}"}}\n')
    [found] = leaks(told(), tmp_path)
    assert "ingest-0.log" in found


def test_nothing_is_told_of_where_nothing_personal_stands(tmp_path: Path) -> None:
    (tmp_path / "ingest-0.log").write_text('{"event": "service_started"}\n')
    assert leaks(told(), tmp_path) == []


def test_a_search_for_nothing_proves_nothing(tmp_path: Path) -> None:
    assert leaks(History(), tmp_path) == [f"no {kind} was sent in" for kind in sorted(SENT)]
