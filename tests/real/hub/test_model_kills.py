"""The stories of tests/flow/test_model.py, side by side, on a running hub whose services are killed.

What stands on the tenants' topics and what the APIs answer is what the plain model says. The stories are the
same at each run, and told with what went wrong.
"""

import asyncio
import base64
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.common.clock import FileClock, set_clock
from services.common.events import BailiffMatch
from services.common.pseudonyms import Pseudonyms
from services.local.demo.quiet import Quiet
from services.local.demo.tail import Tail
from services.local.keys import Secrets
from tests.flow.happened import START
from tests.flow.heard import Heard
from tests.flow.model import Model
from tests.flow.steps import End, Put, Reply, Snapshot, Step, Unask, Wait, Withdraw, Work
from tests.flow.test_model import HubAndModel
from tests.real.crash.read import CATALOGUE, make_codec
from tests.real.crash.speaker import Speaker
from tests.real.hub.answering import assert_answers
from tests.real.hub.playing import CREDITORS, FUND, HELPER, Player
from tests.real.hub.town import BAILIFF, TOWN, Town

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]
STORIES, STEPS = 12, 30
ROUNDS = (10, 19, 31)
"""Days after each round; no sum of them is near a term."""
KILLED = (("matcher-0", "feedback-0"), ("ingest-0", "notifier-0"), ("matcher-0", "ingest-0", "feedback-0"))
SECONDS = 60.0
INNER = ("signal-statuses.v1", "known-persons.v1")
OUTER = tuple(
    f"tenant.{oin}.{subject}.v1"
    for oin, subjects in (
        (TOWN, ("cases", "questions")),
        *((oin, ("feedback", "pauses")) for oin in CREDITORS.values()),
        (BAILIFF, ("bailiff-matches",)),
    )
    for subject in subjects
)
Rounds = list[list[Step]]


def stories() -> list[Rounds]:
    """Return those stories of the state machine in which most happens, no two alike, each in rounds."""
    found: list[list[Step]] = []

    class Author(HubAndModel):
        def teardown(self) -> None:
            found.append([step for step in getattr(self, "story", ()) if not isinstance(step, Wait)])

    one = settings(
        max_examples=8 * STORIES,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Author, settings=one)
    kinds = {tuple(sorted(type(step).__name__ for step in story)): story for story in found}
    fullest = [kinds[each] for each in sorted(kinds, key=lambda each: (len(set(each)), each))[-STORIES:]]
    return [[*_cut([_told_in(str(number), step) for step in story])] for number, story in enumerate(fullest)]


def _cut(story: list[Step]) -> Iterator[list[Step]]:
    size = -(-len(story) // len(ROUNDS))
    yield from (story[size * number : size * (number + 1)] for number in range(len(ROUNDS)))


def _told_in(story: str, step: Step) -> Step:
    """Return a step whose names are those of one story among others."""
    named: dict[str, Any] = {
        each: f"{story}{value}" if each in {"person", "house"} else f"{value} {story}"
        for each in ("name", "person", "house", "signal", "registration")
        if (value := getattr(step, each, ""))
    }
    if isinstance(step, Snapshot):
        rows = [_told_in(story, each) for each in step.rows]
        return replace(step, rows=tuple(each for each in rows if isinstance(each, Put)))
    return replace(step, **named)


@dataclass
class Stage:
    """A running hub, who speaks to it, and what it says."""

    town: Town
    player: Player
    tail: Tail
    quiet: Quiet
    codec: Any
    clock: Path
    since: datetime = START
    _taken: Counter[str] = field(default_factory=Counter)
    _left: int = 0
    _half_said: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return self.player.speaker.clock.now()

    async def round(self, told: Sequence[list[Step]], killed: Sequence[str]) -> None:
        """Let what is asked be answered and every story go on, while services are killed."""
        self.since = self.now()
        for registrar in ("town", "team"):
            await self.player.snapshot(registrar, self._rows(registrar, told))
        for number, pair in enumerate(sorted(self.player.model.asked)):
            await self.player.say(Reply("", *pair, same=number % 2 == 0))
        self._left = sum(map(len, told)) // 2
        self._half_said.clear()
        await asyncio.gather(self._kill(killed), *(self._play(steps) for steps in told))

    async def _play(self, steps: list[Step]) -> None:
        """Teams come first: they act on what they have."""
        for step in sorted(steps, key=lambda each: not isinstance(each, Work | Reply)):
            if not isinstance(step, Snapshot):
                await self.player.say(step)
            self._left -= 1
            if self._left == 0:
                self._half_said.set()

    async def _kill(self, names: Sequence[str]) -> None:
        await self._half_said.wait()
        pids = json.loads((_folder(self.town) / "endpoints.json").read_text())["pids"]
        for name in names:
            os.kill(pids[name], signal.SIGKILL)

    def _rows(self, registrar: str, told: Sequence[list[Step]]) -> list[Put]:
        """Return what a registrar has now, of stories with a snapshot what that says."""
        rows = {n: each for n, each in self.player.model.helps.items() if n.startswith(registrar)}
        for number, steps in enumerate(told):
            for step in steps:
                if isinstance(step, Snapshot) and step.registrar == registrar:
                    rows = {n: each for n, each in rows.items() if n.split()[-1] != str(number)}
                    rows |= {each.name: each for each in step.rows}
        return list(rows.values())

    async def agree(self) -> None:
        """Return when all is handled and the hub says what the model says."""
        end = asyncio.get_running_loop().time() + SECONDS
        while True:
            await self.quiet.wait()
            self._take()
            try:
                self.player.model.settle(self.since, self.now())
                self.player.heard.agree(self.now())
                break
            except (AssertionError, KeyError):  # a timer is still to go off
                if asyncio.get_running_loop().time() > end:
                    raise
        self.player.heard.quiet()

    def _take(self) -> None:
        for topic in (*INNER, *OUTER):
            records = self.tail.records[topic]
            for record in records[self._taken[topic] :]:
                event = self.codec.decode(record.value, CATALOGUE.subject_of(topic))
                if not isinstance(event, BailiffMatch) or event.check_id in self.player.names:
                    self.player.heard.take(event)
            self._taken[topic] = len(records)

    def pass_days(self, days: int) -> None:
        set_clock(self.clock, self.now() + timedelta(days=days), 1.0)


@pytest.fixture(scope="module")
def hub_environment(session_folder: Path) -> dict[str, str]:
    clock = session_folder / "model-clock.json"
    set_clock(clock, START, 1.0)
    return {"SIGNAALHUB_CLOCK_FILE": str(clock)}


@asynccontextmanager
async def staged(town: Town, clock: Path) -> AsyncIterator[Stage]:
    town.master(f"partijen/{FUND}", naam="Fonds", rollen=["schuldeiser"], signaalpartner="Zorg")
    town.master("overeenkomsten/fonds", soort="signalen", gemeente=TOWN, schuldeiser=FUND, vanaf="2021-01-01")
    town.master(f"partijen/{HELPER}", naam="Wijkteam", rollen=["hulpverlener"])
    acts = {
        "soort": "vertegenwoordiging",
        "opdrachtgever": TOWN,
        "gemachtigde": HELPER,
        "vanaf": "2021-01-01",
    }
    town.master("overeenkomsten/namens", **acts)
    speaker = Speaker(lambda service: [town.endpoints[service]], town.token, FileClock(clock), Counter())
    names: dict[str, str] = {}
    model = Model()
    key = Secrets(_folder(town) / "secrets").pseudonym_key
    player = Player(speaker, Pseudonyms(base64.b64decode(key)), model, Heard(model, names), names)
    kafka, database = town.endpoints["kafka"], town.endpoints["database"]
    async with Tail(kafka) as tail, Quiet(kafka, database, CATALOGUE, tail) as quiet:
        yield Stage(town, player, tail, quiet, await make_codec(), clock)
    await speaker.close()


def _folder(town: Town) -> Path:
    return Path(town.endpoints["jwks"]).parents[1]


async def test_a_hub_that_is_killed_says_what_a_plain_model_says(
    hub: Town, hub_environment: dict[str, str]
) -> None:
    told = stories()
    try:
        async with staged(hub, Path(hub_environment["SIGNAALHUB_CLOCK_FILE"])) as stage:
            for number, days in enumerate(ROUNDS):
                await stage.round([rounds[number] for rounds in told], KILLED[number])
                await stage.agree()
                stage.pass_days(days)
                await stage.agree()
            await assert_answers(stage.player, len(told))
            assert stage.player.said >= {Put, End, Snapshot, Withdraw, Work, Unask, Reply}
    except Exception as error:
        for number, rounds in enumerate(told):
            error.add_note(f"story {number}: {rounds}")
        raise
