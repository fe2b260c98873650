"""(d) From POST /v1/signalen to the record on the municipality's topic, at a steady rate."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

import msgspec

from services.common.identifiers import derived_id
from services.local.bench.figures import Aim, Figure, Progress, percentile
from services.local.bench.load import fire, request
from services.local.bench.month import Sent
from services.local.bench.readback import Readback
from services.local.bench.sending import Plan
from services.local.bench.shared import Shared
from services.local.demo.hub import Hub

RATES = ((50, Aim(300)), (500, Aim(1_000)))
"""Signals a second, and what the 99th percentile should stay below, in ms."""
SECONDS = 25.0
_WAIT_SECONDS = 120.0


class Latency:
    """Benchmark (d)."""

    letter = "d"
    title = "signal to tenant"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def run(self, progress: Progress) -> Sequence[Figure]:
        hub, found = self._shared.hub(progress), list[Figure]()
        for done, (rate, aim) in enumerate(RATES, start=1):
            progress.say(f"{rate} signals a second")
            found += self._at(hub, rate, aim)
            progress.reach(done / len(RATES))
        return found

    def _at(self, hub: Hub, rate: int, aim: Aim) -> Iterator[Figure]:
        count = round(rate * self._shared.seconds(SECONDS))
        signals = [*self._shared.month_of(f"latency-{rate}", count).signals()]
        tokens: dict[str, str] = {}
        requests = [signal_request(each, hub, tokens) for each in signals]
        plan = Plan(url=hub.url("ingest"), requests=requests, rate=rate, count=count)
        with Readback(hub.endpoints["kafka"], ids=True) as readback:
            fired = fire(plan)
            refused = fired.failed(HTTPStatus.ACCEPTED)
            readback.until({"signals.v1": count - refused}, _WAIT_SECONDS)
        ids = map(signal_id, signals)
        times = [
            1e3 * (readback.arrived[id_] - due)
            for id_, due in zip(ids, fired.due, strict=True)
            if id_ in readback.arrived
        ]
        at = f"at {rate}/s"
        yield Figure(what=f"p50 {at}", measured=percentile(times, 50), unit="ms")
        yield Figure(what=f"p99 {at}", measured=percentile(times, 99), unit="ms", aim=aim)
        yield Figure(what=f"longest {at}", measured=max(times), unit="ms")
        answers = percentile(fired.latencies(), 99)
        yield Figure(what=f"p99 of the answer (202) {at}", measured=answers, unit="ms")
        yield Figure(what=f"not accepted {at}", measured=refused, aim=Aim(1))
        share = 100 * (fired.cpu + readback.cpu) / (count / rate)
        yield Figure(what=f"CPU of the load {at}", measured=share, unit="% of a core")


def signal_request(signal: Sent, hub: Hub, tokens: dict[str, str]) -> bytes:
    """Return the POST of a signal; `tokens` remembers a creditor's token."""
    oin = signal.creditor.oin
    if oin not in tokens:
        tokens[oin] = hub.secrets.token(oin, "signalen")
    return request("/v1/signalen", tokens[oin], msgspec.json.encode(signal.content))


def signal_id(signal: Sent) -> str:
    """Return the id that the hub gives a signal, also its ce_id."""
    return derived_id("signal", signal.creditor.oin, signal.content["kenmerk"])
