"""GET /v1/pauzes, the file of a day, acknowledging, and what a team orders, on a real broker and database."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.common.database import transaction
from services.common.events import (
    ErasedKind,
    Erasure,
    ErasureReason,
    Event,
    Pause,
    PauseAcknowledgement,
    PauseChange,
    PauseEnd,
    PauseGround,
    PauseOrder,
    Role,
)
from services.feedback.pause_reading import Asked, Pauses
from services.feedback.pause_terms import PauseTerms
from services.feedback.pauses import paused
from tests.flow.examples import message
from tests.real.feedback.conftest import TODAY, Desk, new_case, new_signal, oin
from tests.real.primitives import reader

pytestmark = pytest.mark.real

KNOWN = PauseGround.KNOWN_IN_DEBT_HELP


def started(creditor: str, town: str, *signal_ids: str, **more: Any) -> Pause:
    pause = Pause(
        pause_id=str(uuid4()),
        creditor=creditor,
        municipality=town,
        change=PauseChange.STARTED,
        signal_ids=signal_ids or (str(uuid4()),),
        starts_at=TODAY,
        ends_at=TODAY + timedelta(days=30),
        ground=PauseGround.HELP_ACCEPTED,
    )
    return replace(pause, **more)


def ended(pause: Pause) -> Pause:
    return replace(
        pause,
        change=PauseChange.ENDED,
        ends_at=TODAY,
        end_reason=PauseEnd.RESULT,
        ground=None,
        sequence=pause.sequence + 1,
    )


async def listed(desk: Desk, party: str, **query: str) -> list[dict[str, Any]]:
    answer = await desk.call("GET", "/pauzes", party, "pauzes", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["pauzes"]
    return found


async def confirm(desk: Desk, pause: Pause, party: str | None = None, **query: str) -> int:
    path = f"/pauzes/{pause.pause_id}/bevestiging"
    return (await desk.call("POST", path, party or pause.creditor, "pauzes", params=query)).status_code


async def passed_on(desk: Desk, subject: str, key: str, count: int) -> list[Event]:
    """Return the first `count` records of a key."""
    found: list[Event] = []
    async with asyncio.timeout(20), reader(desk.runtime.settings.kafka, f"{subject}.v1") as consumer:
        while len(found) < count:
            record = await consumer.getone()
            if record.key.decode() == key:
                found.append(desk.runtime.codec.decode(record.value, subject))
    return found


@pytest.fixture(autouse=True)
def _today(desk: Desk) -> None:
    desk.clock.set(TODAY)


async def test_a_creditor_reads_its_pauses_as_they_are_now_and_no_other_one(desk: Desk) -> None:
    creditor, town = oin(), oin()
    mine, over = started(creditor, town), started(creditor, town)
    await desk.pause(mine, over, ended(over), started(oin(), town))
    found = await listed(desk, creditor)
    assert [(each["id"], each["status"], each["volgnummer"]) for each in found] == [
        (mine.pause_id, "loopt", 1),
        (over.pause_id, "beeindigd", 2),
    ]
    assert found[0]["grond"] == "hulpGeaccepteerd"
    assert [each["id"] for each in await listed(desk, creditor, status="beeindigd")] == [over.pause_id]


async def test_that_somebody_was_in_debt_help_is_no_longer_read_when_the_pause_is_over(desk: Desk) -> None:
    creditor = oin()
    pause = started(creditor, oin(), ground=KNOWN)
    await desk.pause(pause)
    assert [each["grond"] for each in await listed(desk, creditor)] == ["bekendBijSchuldhulpverlening"]
    await desk.pause(ended(pause))
    desk.clock.set(TODAY + timedelta(days=1))
    assert [each["grond"] for each in await listed(desk, creditor)] == [None]
    assert "bekend" not in await day_file(desk, creditor)


async def test_an_acknowledgement_passes_the_log_and_is_for_the_change_that_was_read(
    desk: Desk,
) -> None:
    creditor = oin()
    pause = started(creditor, oin())
    await desk.pause(pause)
    assert [await confirm(desk, pause), await confirm(desk, pause)] == [202, 202]
    said = await passed_on(desk, "pause-acknowledgements", creditor, 2)
    expected = PauseAcknowledgement(pause_id=pause.pause_id, creditor=creditor, sequence=1)
    assert {*said} == {expected}
    assert await listed(desk, creditor, bevestigd="true") == []
    await desk.pause(expected)
    assert [each["id"] for each in await listed(desk, creditor, bevestigd="true")] == [pause.pause_id]
    longer = replace(pause, change=PauseChange.PROLONGED, ends_at=pause.ends_at + timedelta(1), sequence=2)
    await desk.pause(longer)
    assert [each["volgnummer"] for each in await listed(desk, creditor, bevestigd="false")] == [2]


async def test_a_pause_of_another_or_of_nobody_cannot_be_acknowledged(desk: Desk) -> None:
    pause = started(oin(), oin())
    await desk.pause(pause)
    assert await confirm(desk, pause, oin()) == 404
    assert await confirm(desk, started(pause.creditor, oin())) == 404
    assert await confirm(desk, replace(pause, pause_id="niets")) == 404


@pytest.fixture
async def served(desk: Desk) -> tuple[str, str, Pause, Pause]:
    """An intermediary and a creditor for whom it sends to one town; a pause there, and one elsewhere.

    One more is there for the dossier of a bailiff alone.
    """
    office, creditor, town = oin(), oin(), oin()
    desk.roles[office], desk.senders[office, creditor] = (Role.INTERMEDIARY,), [town]
    here, elsewhere = started(creditor, town), started(creditor, oin())
    by_check = started(creditor, town, check_id=str(uuid4()), dossier="D-1")
    await desk.pause(here, elsewhere, replace(by_check, signal_ids=()))
    return office, creditor, here, elsewhere


async def test_who_sends_for_a_creditor_reads_its_pauses_where_an_agreement_says_so(
    desk: Desk, served: tuple[str, str, Pause, Pause]
) -> None:
    office, creditor, here, _ = served
    assert [each["id"] for each in await listed(desk, office, schuldeiser=creditor)] == [here.pause_id]
    assert len(await listed(desk, creditor)) == 3
    desk.clock.set(TODAY + timedelta(days=1))
    lines = (await day_file(desk, office, schuldeiser=creditor)).splitlines()[1:]
    assert [line.split(";")[0] for line in lines] == [here.pause_id]
    assert len((await day_file(desk, creditor)).splitlines()) == 4


async def test_who_sends_for_a_creditor_confirms_its_pauses_and_no_other_one(
    desk: Desk, served: tuple[str, str, Pause, Pause]
) -> None:
    office, creditor, here, elsewhere = served
    assert await confirm(desk, here, office, schuldeiser=creditor) == 202
    assert await passed_on(desk, "pause-acknowledgements", creditor, 1) == [
        PauseAcknowledgement(pause_id=here.pause_id, creditor=creditor, sequence=1)
    ]
    assert await confirm(desk, elsewhere, office, schuldeiser=creditor) == 404
    assert await confirm(desk, here, office) == 404


async def test_who_does_not_send_for_a_creditor_finds_no_pauses_of_it(
    desk: Desk, served: tuple[str, str, Pause, Pause]
) -> None:
    office, creditor, here, _ = served
    stranger, town = oin(), oin()
    desk.roles[town] = (Role.MUNICIPALITY,)
    asked = {"schuldeiser": creditor}
    for party in (stranger, town):
        for path in ("/pauzes", "/pauzes/dagbestand"):
            assert (await desk.call("GET", path, party, "pauzes", params=asked)).status_code == 404
        assert await confirm(desk, here, party, schuldeiser=creditor) == 404
    desk.senders.clear()
    assert (await desk.call("GET", "/pauzes", office, "pauzes", params=asked)).status_code == 404
    assert (await desk.call("GET", "/pauzes", office, "pauzes")).status_code == 403


async def test_a_municipality_sees_who_is_late_for_its_residents_and_each_is_counted_once(
    desk: Desk,
) -> None:
    creditor, town = oin(), oin()
    desk.roles[town] = (Role.MUNICIPALITY,)
    signal = new_signal(town)
    pause = started(creditor, town, signal.signal_id)
    of_no_signal = started(oin(), town, check_id=str(uuid4()), dossier="D-1", signal_ids=())
    await desk.project(signal, new_case(town, signal))
    await desk.pause(pause, of_no_signal, ended(of_no_signal))
    assert await listed(desk, town, bevestigd="false") == []
    desk.clock.set(TODAY + timedelta(hours=73))
    assert [each["id"] for each in await listed(desk, town, bevestigd="false")] == [pause.pause_id]
    assert await listed(desk, oin(), bevestigd="false") == []
    assert desk.acknowledging is not None
    before = _counted(desk)
    await desk.acknowledging.look()
    counted = _counted(desk)
    assert counted > before
    await desk.acknowledging.look()
    assert _counted(desk) == counted
    await desk.pause(PauseAcknowledgement(pause_id=pause.pause_id, creditor=creditor, sequence=1))
    assert await listed(desk, town, bevestigd="false") == []


def _counted(desk: Desk) -> float:
    registry = desk.runtime.metrics.registry
    return registry.get_sample_value("signaalhub_pauses_not_acknowledged_total") or 0.0


async def test_what_one_process_wrote_late_is_not_missed_after_what_another_one_wrote(desk: Desk) -> None:
    """Two creditors of one town are in two partitions, so perhaps in two processes."""
    town = oin()
    signal = new_signal(town)
    await desk.project(signal)
    early, late = (started(oin(), town, signal.signal_id) for _ in range(2))
    pauses = Pauses(desk.engine, desk.clock)
    async with transaction(desk.engine) as connection:
        await paused(desk.clock)(connection, [message(late, "pauses.v1")])
        other = asyncio.create_task(desk.pause(early))
        async with asyncio.timeout(20):
            while not other.done() and not await waiting_for_its_turn(desk):
                await asyncio.sleep(0.01)
        seen = await pauses.of_municipality(town, Asked(), 9)
    await other
    after = Asked(position=seen[-1].position if seen else 0)
    seen += await pauses.of_municipality(town, after, 9)
    assert [row.pause.pause_id for row in seen] == [late.pause_id, early.pause_id]


async def waiting_for_its_turn(desk: Desk) -> bool:
    async with transaction(desk.engine) as connection:
        sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        return bool((await connection.exec_driver_sql(sql)).scalar_one())


async def test_changes_since_a_moment_allow_for_the_clocks_of_those_that_wrote_them(desk: Desk) -> None:
    creditor = oin()
    await desk.pause(pause := started(creditor, oin()))
    for seconds, expected in ((4, [pause.pause_id]), (6, [])):
        moment = (TODAY + timedelta(seconds=seconds)).isoformat()
        assert [each["id"] for each in await listed(desk, creditor, vanaf=moment)] == expected


async def test_who_is_no_creditor_nor_municipality_has_no_pauses(desk: Desk) -> None:
    bailiff = oin()
    desk.roles[bailiff] = (Role.BAILIFF,)
    assert (await desk.call("GET", "/pauzes", bailiff, "pauzes")).status_code == 403


async def day_file(desk: Desk, creditor: str, **query: str) -> str:
    answer = await desk.call("GET", "/pauzes/dagbestand", creditor, "pauzes", params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_file_of_a_day_has_a_line_for_each_change_of_that_day(desk: Desk) -> None:
    creditor, town = oin(), oin()
    pause = started(creditor, town, "s1", "s2")
    await desk.pause(pause)
    desk.clock.set(TODAY + timedelta(days=1))
    await desk.pause(ended(pause))
    head, *lines = (await day_file(desk, creditor)).removeprefix("\ufeff").splitlines()
    assert head.split(";")[:6] == [
        "pauze",
        "volgnummer",
        "wijziging",
        "gemeente",
        "signalen",
        "dossiernummer",
    ]
    (line,) = (each.split(";") for each in lines)
    assert line[:5] == [pause.pause_id, "1", "start", town, "s1 | s2"]
    assert line[6] == "2026-03-26T12:00:00+01:00"
    desk.clock.set(TODAY + timedelta(days=2))
    (line,) = (each.split(";") for each in (await day_file(desk, creditor)).splitlines()[1:])
    assert (line[2], line[8]) == ("einde", "gemeente")
    assert len((await day_file(desk, creditor, datum="2026-03-26")).splitlines()) == 2


@pytest.mark.parametrize(
    ("now", "day", "status"),
    [
        ("2026-03-27T00:10:00+01:00", "2026-03-26", 200),
        ("2026-03-27T00:01:00+01:00", "2026-03-26", 400),
        ("2026-03-26T12:00:00+01:00", "2026-03-26", 400),
        ("2026-03-26T12:00:00+01:00", "gisteren", 400),
    ],
)
async def test_only_a_day_of_which_nothing_can_come_any_more_has_a_file(
    desk: Desk, now: str, day: str, status: int
) -> None:
    desk.clock.set(datetime.fromisoformat(now))
    answer = await desk.call("GET", "/pauzes/dagbestand", oin(), "pauzes", params={"datum": day})
    assert answer.status_code == status


async def test_a_team_prolongs_and_ends_the_pauses_of_a_case(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    await desk.project(signal, case)
    path, until = f"/zaken/{case.case_id}/pauze", {"totEnMet": "2026-05-15"}
    answer = await desk.call("POST", path, town, json=until)
    assert (answer.status_code, "Er loopt (nog) geen pauze" in answer.text) == (409, True)
    await desk.pause(started(oin(), town, signal.signal_id))
    again = [(await desk.call("POST", path, town, json=until)).json()["id"] for _ in range(2)]
    assert again[0] == again[1]
    assert (await desk.call("POST", f"{path}/beeindiging", town, json={})).status_code == 202
    orders = await passed_on(desk, "pause-orders", case.household, 3)
    assert [(each.version, each.until) for each in orders if isinstance(each, PauseOrder)] == [
        (1, datetime.fromisoformat("2026-05-16T00:00:00+02:00")),
        (1, datetime.fromisoformat("2026-05-16T00:00:00+02:00")),
        (2, None),
    ]
    assert (await desk.call("POST", path, oin(), json=until)).status_code == 404


async def test_an_order_sent_again_is_the_same_until_another_pause_runs(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    await desk.project(signal, case)
    path = f"/zaken/{case.case_id}/pauze"

    async def end() -> tuple[int, str | None]:
        answer = await desk.call("POST", f"{path}/beeindiging", town, json={})
        return answer.status_code, answer.json().get("id")

    pause = started(oin(), town, signal.signal_id)
    await desk.pause(pause)
    first = await end()
    await desk.pause(ended(pause))
    assert await end() == first, "its answer may have been lost"
    assert (await desk.call("POST", path, town, json={"totEnMet": "2026-05-15"})).status_code == 409
    await desk.pause(replace(pause, starts_at=TODAY + timedelta(hours=1), sequence=3))
    second = await end()
    assert (first[0], second[0]) == (202, 202)
    assert first != second, "help was accepted again: what ended the pause before does not end this one"
    orders = await passed_on(desk, "pause-orders", case.household, 2)
    assert [each.version for each in orders if isinstance(each, PauseOrder)] == [1, 2]


@pytest.mark.parametrize(
    "body", [{"totEnMet": "2026-03-25"}, {"totEnMet": "2026-12-31"}, {}, {"totEnMet": 5}]
)
async def test_a_pause_is_prolonged_to_a_day_within_half_a_year(desk: Desk, body: dict[str, Any]) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    await desk.project(signal, case)
    answer = await desk.call("POST", f"/zaken/{case.case_id}/pauze", town, json=body)
    assert (answer.status_code, [each["veld"] for each in answer.json()["fouten"]]) == (400, ["totEnMet"])


async def test_a_pause_for_erased_signals_is_gone_also_when_a_change_comes_after_it(desk: Desk) -> None:
    creditor, town = oin(), oin()
    first, second = str(uuid4()), str(uuid4())
    both, one = started(creditor, town, first, second), started(creditor, town, first)
    erasure = Erasure(
        erasure_id=str(uuid4()),
        erased_id=first,
        kind=ErasedKind.SIGNAL,
        household="a" * 32,
        municipality=town,
        reason=ErasureReason.REQUEST,
    )
    await desk.pause(both, one, erasure)
    await desk.pause(ended(one))
    assert [each["signalen"] for each in await listed(desk, creditor)] == [[second]]


async def test_what_ended_a_year_ago_is_forgotten(desk: Desk) -> None:
    creditor = oin()
    await desk.pause(ended(started(creditor, oin())), started(creditor, oin()))
    desk.clock.set(TODAY + timedelta(days=366))
    await PauseTerms(desk.engine, desk.clock).forget()
    async with transaction(desk.engine) as connection:
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM feedback.pause_changes WHERE creditor = %s", (creditor,)
        )
        assert found.scalar_one() == 1
