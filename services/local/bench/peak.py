"""Plays a month on a hub: delivers it, reads all that comes of it, and takes the time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic, process_time

import httpx

from services.common.errors import PermanentError
from services.local.bench.figures import Progress
from services.local.bench.month import Month
from services.local.bench.processes import Use, use_of
from services.local.bench.readback import Readback
from services.local.demo.hub import Hub

_SENDERS = 16
"""Deliveries that are under way at a time."""
_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """What a peak month came to: seconds, records, and CPU seconds of this program in it."""

    accepted_after: float
    """From the first POST to the last answer."""
    all_after: float
    """From the first POST to the last record of a tenant."""
    counts: Mapping[str, int]
    driver_cpu: float
    used: Mapping[str, Use]
    """Memory and CPU of each process in this month, by its name."""


def play(hub: Hub, month: Month, progress: Progress) -> Peak:
    """Deliver a month, read all that comes of it, and compare it with what must come of it."""
    progress.say("making up the signals")
    files, wanted = month.deliveries(), expected(month)
    before, cpu = use_of(hub), process_time()
    with Readback(hub.endpoints["kafka"]) as readback:
        progress.say("delivering")
        begin = monotonic()
        asyncio.run(deliver(hub, files, progress))
        answered = monotonic()
        progress.say("reading what the tenants get")
        readback.until(wanted, _SECONDS)
        after = use_of(hub)
    counts = dict(readback.counts)
    if counts != wanted:
        raise PermanentError(f"the tenants got {counts} and should have {wanted}")
    return Peak(
        accepted_after=answered - begin,
        all_after=readback.last - begin,
        counts=counts,
        driver_cpu=process_time() - cpu,
        used={name: use.since(before.get(name)) for name, use in after.items()},
    )


def expected(month: Month) -> dict[str, int]:
    """Each signal reaches its municipality, changes a case, and has a status that its creditor may see.

    A second creditor of a home makes a match.
    """
    return {
        "signals.v1": month.count,
        "cases.v1": month.count,
        "feedback.v1": month.count,
        "matches.v1": month.multiple(),
    }


async def deliver(hub: Hub, files: Mapping[str, bytes], progress: Progress) -> None:
    """Send each creditor's file; one that is not taken in whole is a `PermanentError`."""
    places = asyncio.Semaphore(_SENDERS)
    urls = [hub.url(service) for service in hub.replicas("ingest")]
    done = 0

    async def send(client: httpx.AsyncClient, number: int, oin: str, body: bytes) -> None:
        nonlocal done
        token = hub.secrets.token(oin, "signalen")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        async with places:
            answer = await client.post(
                f"{urls[number % len(urls)]}/v1/leveringen", content=body, headers=headers
            )
        _check(answer, body.count(b"\n"))
        done += 1
        progress.reach(done / len(files))

    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client, asyncio.TaskGroup() as tasks:
        for number, (oin, body) in enumerate(files.items()):
            tasks.create_task(send(client, number, oin, body))


def _check(answer: httpx.Response, rows: int) -> None:
    if not answer.is_success or answer.json()["aantallen"]["geaccepteerd"] != rows:
        raise PermanentError(f"a delivery was not taken in whole: {answer.status_code} {answer.text[:300]}")
