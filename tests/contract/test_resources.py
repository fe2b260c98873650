"""Requests and limits of the pods against docs/benchmarks.md and the tables in deploy/k8s/README.md."""

import gc
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.common.events import FeedbackStatus
from services.common.processor.state import Table
from services.common.settings import REPOSITORY
from services.feedback import domain as feedback
from services.ingest.tables import MOST_XLSX_BYTES
from services.ingest.workbook import MOST_BYTES
from services.notifier import domain as notifier
from tests.contract.manifests import FOLDER, SERVICES, SITE, Manifest, containers, pod_spec, rendered
from tests.contract.test_metrics import alarms

MIB = 2**20
HEADROOM = 2.0
"""deploy/k8s/README.md says why."""
NATION = 600_000
"""Households with signals, as in tests/real/crash/test_large_state.py."""
CHECKS_PER_SECOND = 500
NOW = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)
BENCHMARKS = (REPOSITORY / "docs" / "benchmarks.md").read_text()
PODS = {each["metadata"]["name"]: each for each in rendered(SITE) if each["kind"] == "StatefulSet"}


def mebibytes(quantity: str) -> float:
    """Read a quantity of Kubernetes."""
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()  # type: ignore[union-attr] # else: fails
    return int(number) * (1024 if unit == "Gi" else 1)


def cores(quantity: str) -> float:
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def resources(service: str) -> Manifest:
    (container,) = containers(PODS[service])
    found: Manifest = container["resources"]
    return found


def request(service: str) -> float:
    return mebibytes(resources(service)["requests"]["memory"])


def limit(service: str) -> float:
    return mebibytes(resources(service)["limits"]["memory"])


def figure(letter: str, what: str) -> float:
    """Return a measured figure of docs/benchmarks.md."""
    table = BENCHMARKS.partition(f"<!-- {letter}: begin -->")[2].partition(f"<!-- {letter}: end -->")[0]
    (found,) = re.findall(rf"^\| {re.escape(what)} \| ([\d.,]+) ", table, re.MULTILINE)
    return float(found.replace(",", ""))


def resident(service: str) -> float:
    return figure("g", f"{service}-0, resident memory")


def rows(head: str) -> dict[str, list[str]]:
    """Return the cells of a table of the page, by service."""
    table = (FOLDER / "README.md").read_text().partition(f"| service | {head}")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    return {row[0]: row[1:] for row in cells}


MEMORY = rows("measured")


def needs(service: str) -> float:
    return float(MEMORY[service][1])


def of_notifier() -> notifier.Household:
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(7)]
    team = notifier.Assigned(team="a-team-of-a-town", crisis=False, seen_at=NOW)
    cases, went_out = dict.fromkeys(ids[:3], team), dict.fromkeys(ids[3:], NOW)
    return notifier.Household(cases=cases, forwarded=went_out)


def of_feedback() -> feedback.Household:
    told = feedback.Told(
        status=FeedbackStatus.NOT_YET_PICKED_UP, help_accepted=None, contacts=(), help_seen=False, at=NOW
    )
    return feedback.Household(signals={f"00000000-0000-0000-0000-{each:012}": told for each in range(2)})


def bytes_of_a_household(make: Callable[[], object], count: int = 2_000) -> float:
    """Return what a committed state takes in memory, its key and timer included."""
    tracemalloc.start()
    try:
        table = Table[object](type(make()))
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            table.put(f"{number:032}", make(), NOW)
        list(table.changes())
        table.committed()
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_gets_at_least_the_memory_that_was_measured_and_headroom(service: str) -> None:
    assert request(service) >= resident(service)
    assert limit(service) >= HEADROOM * resident(service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_gets_at_least_what_it_needs_for_a_country_and_headroom(service: str) -> None:
    assert needs(service) >= resident(service), "deploy/k8s/README.md is behind docs/benchmarks.md"
    assert request(service) >= needs(service)
    assert limit(service) >= HEADROOM * needs(service)


@pytest.mark.parametrize(("service", "make"), [("notifier", of_notifier), ("feedback", of_feedback)])
def test_what_notifier_and_feedback_need_is_the_state_of_a_country_beside_a_month(
    service: str, make: Callable[[], object]
) -> None:
    state = NATION * bytes_of_a_household(make) / MIB
    assert resident(service) + 0.8 * state <= needs(service) <= resident(service) + 1.5 * state


def test_what_matcher_needs_holds_a_million_registrations() -> None:
    million = figure("k", "resident memory of matcher, with them") - figure(
        "k", "resident memory of matcher, without any"
    )
    assert needs("matcher") >= 600 + million


def test_ingest_may_read_a_spreadsheet_without_being_killed_for_it() -> None:
    volumes = pod_spec(PODS["ingest"])["volumes"]
    (scratch,) = (each["emptyDir"] for each in volumes if "emptyDir" in each)
    child = (MOST_BYTES + 2 * MOST_XLSX_BYTES) / MIB
    assert limit("ingest") >= needs("ingest") + child + mebibytes(scratch["sizeLimit"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_asks_for_the_cpu_that_a_national_month_took(service: str) -> None:
    seconds = figure("c", "105,000 signals, first POST to last tenant record")
    assert cores(resources(service)["requests"]["cpu"]) >= figure("g", f"{service}-0, CPU in (c)") / seconds


def test_matcher_asks_for_the_cpu_of_its_checks() -> None:
    used = CHECKS_PER_SECOND * figure("e", "CPU of matcher, alone") / 1000
    assert cores(resources("matcher")["requests"]["cpu"]) >= min(1, used)  # a process uses no more than one


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_says_what_the_manifests_say(service: str) -> None:
    *_, asked, most, factor = MEMORY[service]
    given = resources(service)
    assert (asked, most) == (given["requests"]["memory"], given["limits"]["memory"])
    assert float(factor) == pytest.approx(limit(service) / needs(service), abs=0.06)
    assert rows("CPU in (c)")[service][-1] == given["requests"]["cpu"]


def test_an_alarm_says_that_memory_is_short_before_the_pod_is_killed_for_it() -> None:
    pods = r'process_resident_memory_bytes\{namespace="signaalhub", pod=~"(\w+)-\.\*"\}'
    form = rf"{pods} > ([\d.]+) \* (\d+) \* 1024 \^ 2"
    found = [re.fullmatch(form, each) for each in alarms() if "resident_memory" in each]
    told = {each[1]: float(each[2]) * int(each[3]) for each in found if each}
    assert len(found) == len(told)
    assert told == {service: pytest.approx(0.8 * limit(service)) for service in SERVICES}
    assert all(told[service] > needs(service) for service in SERVICES)  # else it never falls silent


def test_an_alarm_says_that_no_pod_of_a_service_is_there() -> None:
    (gone,) = (each for each in alarms() if "absent" in each)
    named = [f'absent(up{{namespace="signaalhub", pod=~"{service}-.*"}} == 1)' for service in SERVICES]
    assert sorted(gone.split(" or ")) == sorted(named)
