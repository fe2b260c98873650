"""What the APIs answer of a story that came to rest, beside what the model says and what was told."""

from typing import Any

from services.common.events import PauseChange
from tests.flow.steps import PERSONS
from tests.real.hub.playing import CREDITORS, Player
from tests.real.hub.town import BAILIFF, TOWN


async def assert_answers(player: Player, stories: int) -> None:
    """Ask as every party would; each person of each story is checked once more."""
    for creditor, oin in CREDITORS.items():
        await _assert_feedback(player, creditor, oin)
        await _assert_pauses(player, oin)
    heard = player.heard
    listed = {id_ for id_, each in heard.cases.items() if not (each.withdrawn or each.known_in_debt_help)}
    assert await _ids(player, "/v1/zaken", TOWN, "zaken") == listed
    asked = {each.question_id for each in heard.open().values()}
    assert await _ids(player, "/v1/vragen", TOWN, "zaken") == asked
    await _assert_checks(player, [f"{story}{each}" for story in range(stories) for each in PERSONS])


async def _assert_feedback(player: Player, creditor: str, oin: str) -> None:
    model, found = player.model, dict[str, dict[str, Any]]()
    for each in await _rows(player, "/v1/terugkoppelingen", oin, "terugkoppelingen"):
        found[player.names[each["id"]]] = each
    own = {name for name, each in model.signals.items() if each.creditor == creditor}
    assert found.keys() - model.withdrawn == own
    for name in own:
        assert {each["organisatie"] for each in found[name]["contacten"]} == model.known(name)
        assert not found[name]["ingetrokken"]
    assert all(found[name]["ingetrokken"] for name in found.keys() & model.withdrawn)


async def _assert_pauses(player: Player, oin: str) -> None:
    told = (each for each in player.heard.pauses.values() if each.creditor == oin)
    running = {each.pause_id for each in told if each.change is not PauseChange.ENDED}
    assert await _ids(player, "/v1/pauzes?status=loopt", oin, "pauzes") == running


async def _assert_checks(player: Player, persons: list[str]) -> None:
    rows = [
        {"burgerservicenummer": player.bsn(each), "dossiernummer": each, "reden": "dagvaarding"}
        for each in persons
    ]
    body = {"toetsen": rows}
    answer, _ = await player.speaker.say("matcher", "POST", "/v1/bulktoetsen", BAILIFF, "toetsen", json=body)
    for person, row in zip(persons, answer.json()["rijen"], strict=True):
        known = {each["organisatie"] for each in row["antwoord"]["contacten"]}
        assert known == player.model.helpers(person)


async def _ids(player: Player, path: str, party: str, scope: str) -> set[str]:
    return {each["id"] for each in await _rows(player, path, party, scope)}


async def _rows(player: Player, path: str, party: str, scope: str) -> list[dict[str, Any]]:
    """Return a list that fits on a page, whatever it is called."""
    answer, _ = await player.speaker.say("feedback", "GET", path, party, scope)
    assert answer.is_success, answer.text
    (rows,) = [each for each in answer.json().values() if isinstance(each, list)]
    assert answer.json()["volgende"] is None
    found: list[dict[str, Any]] = rows
    return found
