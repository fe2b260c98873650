"""What a process counts, for Prometheus: every name in one place; docs/metrics.md explains them.

Counted after the commit, or after the broker's acknowledgement: what was aborted never happened. The values
of labels come from this repository (parts, topics, routes, reason codes), never from a caller: no party,
nothing of a resident, nothing that grows with the hub.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

LAG = "signaalhub_lag_records"
PARTITIONS = "signaalhub_partitions"
HEALTHY = "signaalhub_part_healthy"
WAITING = "signaalhub_deliveries_waiting"
SHORT = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10)
"""Seconds of something that is answered at once."""
LONG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

Lag = Callable[[], Mapping[TopicPartition, int]]
States = Callable[[], Mapping[str, int]]
"""How many partitions are running, waiting (they will go on by themselves) or halted."""


class Metrics:
    """All metrics of one process; a part asks for its own once, when it is made."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # of a library with types
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._watched = _Watched(self.registry)
        counter, histogram = self._counter, self._histogram
        self.signals = counter("signals", "Signals that got an answer, by what it was.", "outcome")
        self.refusals = counter("refusals", "Refused signals, under each of their reasons.", "reason")
        self.snapshots = counter("snapshots", "Snapshots of registrations, by what came of them.", "outcome")
        self.checks = histogram("check_seconds", "Checks, by the answer given.", SHORT, "answer")
        self.unusual = counter(
            "unusual_askings", "Times that the checks of a party looked like fishing.", "pattern"
        )
        self.requests = histogram(
            "http_request_seconds",
            "HTTP requests, to the end of the answer.",
            LONG,
            "method",
            "route",
            "status",
        )
        self.publish_failures = counter(
            "publish_failures", "Calls to publish that the broker did not take whole.", "part", "reason"
        )
        self.records = counter("records", "Records handled, in committed transactions.", "part", "topic")
        self.dead_letters = counter("dead_letters", "Records put aside on <topic>.dlq.", "part", "topic")
        self.transactions = histogram(
            "transaction_seconds", "Committed transactions: of Kafka, or of the database.", LONG, "part"
        )
        self.recoveries = counter("recoveries", "Times a part started again from what is committed.", "part")
        self.pauses_not_acknowledged = counter(
            "pauses_not_acknowledged",
            "Changes of pauses that their creditor did not confirm in time.",
        )
        self.deliveries = counter(
            "deliveries", "Attempts to deliver, by what came of them.", "sender", "outcome"
        )

    def watch(self, part: str, lag: Lag, states: States | None = None) -> None:
        """Ask a reader at each scrape how far behind it is, and how its partitions are."""
        self._watched.lags[part] = lag
        if states is not None:
            self._watched.states[part] = states

    def watch_health(self, report: Callable[[], Mapping[str, str | None]]) -> None:
        """Ask at each scrape which parts are in trouble."""
        self._watched.health = report

    def waiting(self, sender: str, counts: Mapping[str, int]) -> None:
        """Set how many deliveries of all processes are pending or dead, as the database says."""
        self._watched.deliveries[sender] = counts

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"signaalhub_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"signaalhub_{name}", text, labels, buckets=buckets, registry=self.registry)


class Tally:
    """What one processor or projection counts, once per transaction."""

    def __init__(self, metrics: Metrics, part: str, topics: Iterable[str]) -> None:
        names = tuple(topics)
        self._records = {topic: metrics.records.labels(part, topic) for topic in names}
        self._dead = {topic: metrics.dead_letters.labels(part, topic) for topic in names}
        self._seconds = metrics.transactions.labels(part)
        self._recoveries = metrics.recoveries.labels(part)

    def committed(self, seconds: float, records: Mapping[str, int], dead: Mapping[str, int]) -> None:
        """Count a transaction: records by topic (the dead ones too), and the dead ones among them."""
        self._seconds.observe(seconds)
        for topic, count in records.items():
            self._records[topic].inc(count)
        for topic, count in dead.items():
            self._dead[topic].inc(count)

    def recovered(self) -> None:
        """Count a start from what is committed, after trouble."""
        self._recoveries.inc()


class _Watched(Collector):
    """Gauges that are looked up when somebody scrapes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lags: dict[str, Lag] = {}
        self.states: dict[str, States] = {}
        self.deliveries: dict[str, Mapping[str, int]] = {}
        self.health: Callable[[], Mapping[str, str | None]] = dict
        registry.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        lags = {
            (part, *map(str, tp)): offsets for part, lag in self.lags.items() for tp, offsets in lag().items()
        }
        states = {
            (part, state): count for part, states in self.states.items() for state, count in states().items()
        }
        waiting = {
            (sender, state): count
            for sender, counts in self.deliveries.items()
            for state, count in counts.items()
        }
        health = {(part,): float(trouble is None) for part, trouble in self.health().items()}
        yield _gauge(
            LAG, "Offsets between the end and what is committed.", lags.items(), "part", "topic", "partition"
        )
        yield _gauge(
            PARTITIONS, "Partitions that this process has, by state.", states.items(), "part", "state"
        )
        yield _gauge(WAITING, "Deliveries that wait, or were given up.", waiting.items(), "sender", "state")
        yield _gauge(HEALTHY, "1 when /health has nothing to say of the part.", health.items(), "part")


def _gauge(
    name: str, text: str, values: Iterable[tuple[Sequence[str], float]], *labels: str
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family
