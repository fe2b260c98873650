"""(f) `kill -9` of a service to its next output, with the state of (c) in it and signals coming in."""

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import httpx
from confluent_kafka import Consumer

from services.common.errors import TransientError
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.latency import signal_id, signal_request
from services.local.bench.load import firing
from services.local.bench.readback import Readback, follower
from services.local.bench.sending import Plan
from services.local.bench.shared import Shared
from services.local.demo.hub import Hub
from services.local.waiting import wait_until

SERVICES = ("ingest", "matcher", "notifier", "feedback")
RATE = 50
ROUNDS = 2
_LONGEST_SECONDS = 120.0
_MOST_SIGNALS = 30_000


class Restarts:
    """Benchmark (f)."""

    letter = "f"
    title = "kill -9 to the next output"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._outages: dict[str, list[float]] = {service: [] for service in SERVICES}

    def run(self, progress: Progress) -> Sequence[Figure]:
        self._shared.peak(progress)
        hub = self._shared.hub(progress)
        signals = [*self._shared.month_of("restarts", _MOST_SIGNALS).signals()]
        tokens: dict[str, str] = {}
        requests = [signal_request(each, hub, tokens) for each in signals]
        plan = Plan(url=hub.url("ingest"), requests=requests, rate=RATE, count=_MOST_SIGNALS)
        with Readback(hub.endpoints["kafka"], ids=True) as readback, firing(plan) as load:
            self._kill_all(hub, progress)
            load.stop()
            fired = load.result()
            accepted = {
                signal_id(each)
                for each, status in zip(signals, fired.status, strict=False)
                if status == HTTPStatus.ACCEPTED
            }
            wait_until(
                lambda: accepted <= readback.arrived.keys(), _LONGEST_SECONDS, "the arrival of all signals"
            )
        return self._figures(len(accepted), fired.failed(HTTPStatus.ACCEPTED))

    def _kill_all(self, hub: Hub, progress: Progress) -> None:
        for done in range(ROUNDS):
            for number, service in enumerate(SERVICES):
                progress.say(f"{service} killed")
                self._outages[service].append(_outage(hub, service))
                progress.reach((done * len(SERVICES) + number + 1) / (ROUNDS * len(SERVICES)))

    def _figures(self, accepted: int, refused: int) -> list[Figure]:
        slowest = [
            Figure(what=f"{service}, slowest of {ROUNDS}", measured=max(times), unit="s", aim=Aim(8))
            for service, times in self._outages.items()
        ]
        return [
            *slowest,
            Figure(what="signals accepted meanwhile, each of them with its tenant", measured=accepted),
            Figure(what="signals not answered while ingest was away", measured=refused),
        ]


def _outage(hub: Hub, service: str) -> float:
    """Kill a service; return the seconds until a record that was written after that can be read."""
    name = f"{service}-0"
    consumer = follower(hub.endpoints["kafka"], _OUTPUTS[service])
    try:
        _next_output(consumer, 0)  # signals run through
        pid = _pid(hub, name)
        os.kill(pid, signal.SIGKILL)
        killed, wall = time.monotonic(), time.time()
        _next_output(consumer, wall)
        seconds = time.monotonic() - killed
    finally:
        consumer.close()
    wait_until(lambda: _pid(hub, name) != pid, _LONGEST_SECONDS, f"the restart of {name}")
    wait_until(lambda: _healthy(hub, service), _LONGEST_SECONDS, f"the health of {name}", 0.1)
    return seconds


def _next_output(consumer: Consumer, since: float) -> None:
    """Return at the first record that the broker got after this moment (epoch seconds)."""
    end = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < end:
        message = consumer.poll(0.1)
        if message is not None and not message.error() and message.timestamp()[1] > since * 1e3:
            return
    raise TransientError(f"no output within {_LONGEST_SECONDS:.0f} s")


def _pid(hub: Hub, name: str) -> int:
    return int(json.loads(hub.folder.endpoints.read_text())["pids"][name])


def _healthy(hub: Hub, service: str) -> bool:
    try:
        return httpx.get(f"{hub.url(service)}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


_OUTPUTS: dict[str, Callable[[str], bool]] = {
    "ingest": "signals.v1".__eq__,
    "matcher": "cases.v1".__eq__,
    "notifier": lambda topic: topic.startswith("tenant.") and topic.endswith(".cases.v1"),
    "feedback": "feedback.v1".__eq__,
}
"""Topics that a signal makes the service write to."""
