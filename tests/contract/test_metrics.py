"""docs/metrics.md and the code tell of the same metrics; alarms in docs/operations.md are made of these."""

import re
from typing import NamedTuple

import httpx
import pytest
from aiokafka.structs import TopicPartition
from prometheus_client import Counter, Gauge, Histogram

from services.common.metrics import Metrics
from services.common.settings import REPOSITORY
from tests.contract.manifests import SERVICES, built

DOCS = REPOSITORY / "docs"
PROCESS = {"process_start_time_seconds", "process_resident_memory_bytes", "up"}
"""Of the process, and of Prometheus itself."""
OF_PROMETHEUS = {"le", "job", "instance", "namespace", "pod", "service"}


class Described(NamedTuple):
    """A metric: its type and its labels."""

    type: str
    labels: tuple[str, ...]


def in_code() -> dict[str, Described]:
    metrics, found = Metrics(), {}
    for each in vars(metrics).values():
        if isinstance(each, Counter | Gauge | Histogram):
            (family,) = each.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = Described(family.type, tuple(each._labelnames))
    for family in metrics._watched.collect():
        found[family.name] = Described(family.type, tuple(family._labelnames))
    return found


def on_page() -> dict[str, Described]:
    """Read the rows `| `name` | type | labels | what |`."""
    rows = re.findall(r"^\| `(signaalhub_\w+)` \| (\w+) \| ([^|]*) \| ", page("metrics.md"), re.MULTILINE)
    return {name: Described(kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def page(name: str) -> str:
    return (DOCS / name).read_text()


def alarms() -> list[str]:
    table = page("operations.md").partition("| alarm when |")[2].partition("\n\n")[0]
    return [expression for row in table.splitlines()[2:] for expression in re.findall(r"^\| `([^`]+)`", row)]


def test_every_metric_is_described_as_it_is() -> None:
    assert on_page() == in_code()


def test_names_follow_the_conventions_of_prometheus() -> None:
    for name, (kind, _) in in_code().items():
        assert re.fullmatch(r"signaalhub_[a-z_]+", name)
        assert name.endswith("_total") == (kind == "counter"), name
        assert name.endswith("_seconds") == (kind == "histogram"), name


def test_there_are_alarms() -> None:
    assert len(alarms()) > 10


@pytest.mark.parametrize("expression", alarms())
def test_an_alarm_looks_at_a_metric_and_labels_that_exist(expression: str) -> None:
    known = in_code()
    names = set(re.findall(r"\b(?:signaalhub_\w+|process_\w+|up)\b", expression))
    found = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names} - PROCESS
    assert names
    assert found <= known.keys()
    labels = {
        label for group in re.findall(r"(?:by|on) \(([^)]*)\)", expression) for label in group.split(", ")
    }
    labels |= {
        label for group in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)[=!]", group)
    }
    assert labels <= OF_PROMETHEUS | {label for name in found for label in known[name].labels}
    assert expression.count("(") == expression.count(")")


def selectors(expression: str) -> list[tuple[str, str]]:
    """Return the counters and histograms of an alarm, each with what stands between its braces."""
    counted = r"(signaalhub_\w+?_(?:total|count|bucket))(?:\{([^}]*)\})?"
    return [(name, labels) for name, labels in re.findall(counted, expression)]


@pytest.fixture(scope="module")
async def at_start() -> str:
    """What the four services count right after they were made."""
    texts = []
    for service in SERVICES:
        wired = await built(service)
        transport = httpx.ASGITransport(wired.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://pod") as client:
            texts.append((await client.get("/metrics")).text)
    return "".join(texts)


@pytest.mark.parametrize("expression", alarms())
def test_an_alarm_sees_the_first_event_too(expression: str, at_start: str) -> None:
    """A series that begins with its first event, at 1, has no increase: it has to be there before, at 0."""
    for name, labels in selectors(expression):
        if name == "signaalhub_http_request_seconds_count":
            wanted_first = expression.endswith("> 0") or "> 0 or" in expression
            assert not wanted_first or f"{name}{{{labels}}} unless {name}{{{labels}}} offset" in expression
        else:
            assert re.search(rf"^{name}(\{{[^}}]*{labels}[^}}]*\}})? ", at_start, re.MULTILINE), name


def test_what_nobody_is_asked_for_is_not_there() -> None:
    metrics = Metrics()
    metrics.watch("p", lambda: {TopicPartition("t.v1", 3): 7}, lambda: {"running": 1})
    metrics.watch_health(lambda: {"p": None, "q": "trouble"})
    value = metrics.registry.get_sample_value
    assert value("signaalhub_lag_records", {"part": "p", "topic": "t.v1", "partition": "3"}) == 7
    assert value("signaalhub_partitions", {"part": "p", "state": "running"}) == 1
    assert [value("signaalhub_part_healthy", {"part": part}) for part in "pqr"] == [1, 0, None]
