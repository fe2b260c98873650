"""The condition after each fault: every partition of every processor takes something in and passes it on."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from services.common.events import Feedback, FeedbackStatus, Match, MatchKind
from services.common.partitioning import partition_of
from tests.real.crash.forms import Resident, derived
from tests.real.crash.history import Home, Person
from tests.real.crash.parties import Parties
from tests.real.crash.read import Tail
from tests.real.crash.street import together
from tests.real.hub.town import INSURER, TOWN

PARTITIONS = 12
MATCHES = f"tenant.{TOWN}.matches.v1"
FEEDBACK = f"tenant.{INSURER}.feedback.v1"
KNOWN = "Inwoner al bekend bij schuldhulpverlening"
SECONDS = 360.0
"""Far more than it takes: on a machine that others load all is five times slower."""


class Probes:
    """Each wave: a resident per partition (of households, persons and registrations) who is in debt help."""

    def __init__(self, parties: Parties, new_bsn: Callable[[], str], tail: Tail) -> None:
        self._parties = parties
        self._new_bsn = new_bsn
        self._tail = tail
        self._waves = itertools.count(1)
        self._bsns: dict[int, list[str]] = defaultdict(list)
        self._matched: set[str] = set()
        self._told: set[str] = set()

    async def wave(self, after: str) -> None:
        """Return when what was sent now has come through everything, and print how long that took."""
        begin = time.monotonic()
        wave = next(self._waves)
        residents = [self._resident(wave, partition) for partition in range(PARTITIONS)]
        ids: set[str] = set()
        try:
            async with asyncio.timeout(SECONDS):
                await together(*(self._send(wave, i, each, ids) for i, each in enumerate(residents)))
                while not (ids <= self._matched and ids <= self._told):
                    await self._look()
                await together(*(self._known(id_) for id_ in ids))
        except TimeoutError:
            matched, told = len(ids & self._matched), len(ids & self._told)
            raise AssertionError(f"{after}: {matched} matched, {told} told of {len(ids)}") from None
        print(f"{after}: all partitions moved {time.monotonic() - begin:.1f} s later", flush=True)

    async def _send(self, wave: int, number: int, resident: Resident, ids: set[str]) -> None:
        """The registration has another address: only the BSN can bring it and the signal together.

        It comes last: a case of somebody who is known already is on no worklist, so nobody could act on it.
        """
        reference = f"P{wave}-{number}"
        signal = self._parties.signal(resident, INSURER, reference, "2026-03-09")
        ids.add(signal.id)
        elsewhere = Resident(resident.person, TOWN, (resident.home[0], resident.home[1] + 50_000))
        await self._parties.post(signal, reference)
        await self._parties.attempt(signal.case, reference)
        await self._parties.register(elsewhere, self._registration(wave, number))

    async def _look(self) -> None:
        for _, seen in await asyncio.to_thread(self._tail.more):
            match seen.event:
                case Match(kind=MatchKind.KNOWN_IN_DEBT_HELP, signal_ids=ids):
                    self._matched.update(ids)
                case Feedback(status=FeedbackStatus.KNOWN_IN_DEBT_HELP, signal_id=id_):
                    self._told.add(id_)

    async def _known(self, signal: str) -> None:
        """Wait until the insurer can read it."""
        while not await self._parties.reads(INSURER, signal, KNOWN):
            await asyncio.sleep(0.2)

    def _resident(self, wave: int, partition: int) -> Resident:
        postcode = f"9{wave:03}XZ"
        homes = ((postcode, number) for number in itertools.count(1))
        home = next(each for each in homes if self._partition_of(each) == partition)
        return Resident(Person("Proef", "P", "1970-01-01", self._bsn(partition)), TOWN, home)

    def _partition_of(self, home: Home) -> int:
        return partition_of(self._parties.pseudonyms.household(*home), PARTITIONS)

    def _bsn(self, partition: int) -> str:
        while not self._bsns[partition]:
            bsn = self._new_bsn()
            self._bsns[partition_of(self._parties.pseudonyms.person(bsn), PARTITIONS)].append(bsn)
        return self._bsns[partition].pop()

    def _registration(self, wave: int, partition: int) -> str:
        names: Iterator[str] = (f"P{wave}-{number}" for number in itertools.count())
        return next(
            name
            for name in names
            if partition_of(derived("registration", TOWN, name), PARTITIONS) == partition
        )
