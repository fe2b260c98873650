"""Everything of one crash test: the hub, who speaks to it, what streams in, and the check at the end."""

import asyncio
import base64
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.common.pseudonyms import Pseudonyms
from tests.real.crash.forms import HELPERS
from tests.real.crash.history import History
from tests.real.crash.hub import LATER, REPLICAS, Hub, until
from tests.real.crash.leaking import leaks
from tests.real.crash.load import Load
from tests.real.crash.parties import Parties
from tests.real.crash.partitions import of_service
from tests.real.crash.probes import FEEDBACK, MATCHES, Probes
from tests.real.crash.projected import Stored, projections
from tests.real.crash.read import Reader, make_codec
from tests.real.crash.speaker import Speaker
from tests.real.crash.verify import differences
from tests.real.hub.town import OTHER_LANDLORD, Town

END_SECONDS = 120.0
"""How long the number of differences may stay the same."""
STAGES = 3
"""Registrations, persons, households: a wave is behind all that was in the stage before. Only when nothing is
under way between them may 46 days go by at once: after 28 a bailiff hears no more of help that began."""
LAST_STREETS_SECONDS = 600.0
SHARED_SECONDS = 60.0
LEAST_A_SECOND = 30.0
"""Accepted events, minutes without a hub included. Two cores do 160; while others kept them busy (load 12) it
was 67. The probes alone come to less than one."""
_SHOWN = 20


@dataclass
class Stage:
    """One running hub under load."""

    hub: Hub
    history: History
    tally: Counter[str]
    load: Load
    probes: Probes
    reader: Reader
    received: set[str] = field(default_factory=set)
    """Idempotency keys of the webhooks that arrived."""
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._before = self.begun, 0, 0

    async def moves(self, after: str) -> None:
        """Return when every partition moves and every service is well again.

        No street met a wrong answer, and no service ended that was not killed: all went on by itself.
        """
        await self.probes.wave(after)
        await self.hub.healthy()
        self.load.check()
        assert self.hub.by_itself == [], "\n".join(self.hub.by_itself)
        self._rates()

    async def shared(self, service: str) -> None:
        """Return when both replicas work on some partitions of everything, and together on all."""
        whole = of_service(service)

        def divided() -> bool:
            parts = [self.hub.running(f"{service}-{replica}") for replica in range(REPLICAS)]
            return parts[0] + parts[1] == whole and all((+part).keys() == whole.keys() for part in parts)

        await until(divided, SHARED_SECONDS, f"work of both replicas of {service}")

    async def taken_over(self, name: str, seconds: float) -> float:
        """Return after how long a replica works on all partitions of its service."""
        begin, whole = time.monotonic(), of_service(name.partition("-")[0])
        await until(
            lambda: self.hub.running(name) == whole,
            seconds,
            f"takeover by {name}",
            lambda: f"{self.hub.running(name)} of {whole}",
        )
        return time.monotonic() - begin

    def _rates(self) -> None:
        """Print what was accepted since the last time, the fault and what came of it included."""
        (then, events, requests), now = self._before, time.monotonic()
        self._before = now, sum(accepted(self.history).values()), sum(self.tally.values())
        per_second = (self._before[1] - events) / (now - then), (self._before[2] - requests) / (now - then)
        print(f"  {per_second[0]:.0f} events a second, {per_second[1]:.0f} requests a second", flush=True)

    async def end(self) -> None:
        """Let the load end, close March and all pauses, and find no difference anywhere."""
        await self.load.stop(LAST_STREETS_SECONDS)
        self._report()
        self._enough()
        for number in range(STAGES):
            await self.probes.wave(f"the end of the load ({number + 1} of {STAGES} stages)")
        self.hub.jump(LATER)
        history = self.history
        await none(lambda: differences(self.reader, history))
        stored = Stored(self.hub.postgres.url, OTHER_LANDLORD, self.received)
        await none(lambda: projections(self.reader, stored))
        assert self.hub.by_itself == [], "\n".join(self.hub.by_itself)
        assert await asyncio.to_thread(leaks, history, self.hub.folder) == []

    def _enough(self) -> None:
        """Nothing is proved by a hub that had nothing to do."""
        counts, seconds = accepted(self.history), time.monotonic() - self.begun
        assert [kind for kind, count in counts.items() if count == 0] == []
        assert sum(counts.values()) / seconds >= LEAST_A_SECOND, counts

    def _report(self) -> None:
        counts, seconds = accepted(self.history), time.monotonic() - self.begun
        rates = sum(counts.values()) / seconds, sum(self.tally.values()) / seconds
        print(f"accepted in {seconds:.0f} s: {counts}", flush=True)
        print(
            f"{rates[0]:.0f} events a second, {rates[1]:.0f} requests a second, faults included", flush=True
        )
        print(f"answers {dict(self.tally)}; processes that ended {dict(self.hub.ended)}", flush=True)


def accepted(history: History) -> dict[str, int]:
    """Return how much of what was accepted; what was sent again counts once."""
    sent, helped = history.sent.values(), history.help.values()
    return {
        "signals": len(sent),
        "corrections": sum(len(each.versions) - 1 for each in sent),
        "withdrawals": sum(each.withdrawn for each in sent),
        "registrations": sum(len(set(each.homes)) for each in helped),
        "ends of help": sum(each.ended for each in helped),
        "contact attempts": len(history.attempts),
        "results": len(history.results),
        "orders about pauses": len(history.orders),
        "checks": len(history.checks),
    }


async def none(find: Callable[[], list[str]]) -> None:
    """Return when nothing is found any more; at the end of patience say what is."""
    end, before = time.monotonic() + END_SECONDS, 0
    while found := await asyncio.to_thread(find):
        if len(found) != before:
            before, end = len(found), time.monotonic() + END_SECONDS
            print(f"{before} differences left, for example {found[-1]}", flush=True)
        assert time.monotonic() < end, "\n".join(found[:_SHOWN])
        await asyncio.sleep(2)


@asynccontextmanager
async def staged(brokers: int, width: int) -> AsyncIterator[Stage]:
    """Yield a hub on which so many streets act at once; the town is settled."""
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="sh-crash-"))
        hub = Hub(folder, brokers)
        stack.callback(shutil.rmtree, folder)
        stack.callback(_print_failures, hub)
        stack.push_async_callback(hub.stop)
        await hub.start()
        received: set[str] = set()
        await _settle(hub, await stack.enter_async_context(_receiver(received)))
        tally: Counter[str] = Counter()
        speakers = [Speaker(hub.urls, hub.secrets.token, hub.clock, tally) for _ in range(2)]
        for speaker in speakers:
            stack.push_async_callback(speaker.close)
        reader = Reader(hub.kafka, await make_codec())
        history, pseudonyms = History(), Pseudonyms(base64.b64decode(hub.secrets.pseudonym_key))
        of_load, of_probes = (Parties(speaker, pseudonyms, history) for speaker in speakers)
        load, tail = Load(of_load), reader.follow((MATCHES, FEEDBACK))
        stack.callback(tail.close)
        stack.push_async_callback(load.cancel)
        probes = Probes(of_probes, load.new_bsn, tail)
        load.start(width)
        yield Stage(hub, history, tally, load, probes, reader, received)


def _print_failures(hub: Hub) -> None:
    """Print what the hub logged of requests that it answered with 500: its folder goes now."""
    for name in hub.services:
        for line in hub.log(name).splitlines():
            if '"request_failed"' in line:
                print(name, line, flush=True)


async def _settle(hub: Hub, webhook: str) -> None:
    town = Town({"ingest": hub.urls("ingest")[0]}, hub.secrets.token)
    await asyncio.to_thread(town.settle)
    about = {"naam": "Met een haak", "rollen": ["schuldeiser"], "signaalpartner": "Huur", "webhook": webhook}
    await asyncio.to_thread(lambda: town.master(f"partijen/{OTHER_LANDLORD}", **about))
    for municipality, helper in HELPERS.items():
        await asyncio.to_thread(_helper, town, municipality, helper)


def _helper(town: Town, municipality: str, helper: str) -> None:
    """One who helps for a municipality, and sends the hub the list of whom it helps."""
    town.master(f"partijen/{helper}", naam="Hulpverlener", rollen=["hulpverlener"])
    town.master(
        f"overeenkomsten/{helper[-4:]}",
        soort="vertegenwoordiging",
        opdrachtgever=municipality,
        gemachtigde=helper,
        vanaf="2021-01-01",
    )


@asynccontextmanager
async def _receiver(received: set[str]) -> AsyncIterator[str]:
    """A creditor's server for webhooks; yields its URL."""

    async def take(request: Request) -> Response:
        await request.body()
        received.add(request.headers["idempotency-key"])
        return Response(status_code=204)

    app = Starlette(routes=[Route("/haak", take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/haak"
    server.should_exit = True
    await serving
