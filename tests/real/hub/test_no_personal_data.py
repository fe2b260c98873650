"""Nothing that the hub writes or answers holds personal data outside the encrypted field.

A hub lives through everything of story.py; then all of it is searched. The same search goes over what the
demo leaves behind (leaks.py).
"""

import asyncio
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.local.erasing import erase
from services.local.waiting import wait_until
from tests.real.hub.collector import Collector, collecting
from tests.real.hub.leaks import MEANT_FOR_IT, search
from tests.real.hub.opening import keys_of, openable, sealed
from tests.real.hub.personal import Finder, Kind
from tests.real.hub.planted import PLACES, SPANS, exported, produce
from tests.real.hub.story import live
from tests.real.hub.story_intake import INTAKE
from tests.real.hub.town import BSN, TOWN, Town, opened
from tests.real.hub.watched import EMAIL, NAME, SECONDS, Watched
from tests.real.hub.written import everything

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]


SERVICES = {"ingest", "matcher", "notifier", "feedback"}
CLEAR = {f"topic {INTAKE}, {part}": frozenset(Kind) for part in ("key", "headers", "value", "content")}
"""What a creditor wrote itself, until it is taken in and deleted."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def hub_environment(collector: Collector) -> dict[str, str]:
    """Trace every request, and tell of it at once."""
    return {
        "SIGNAALHUB_OTLP_ENDPOINT": collector.url,
        "SIGNAALHUB_TRACE_RATIO": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }


@pytest.fixture(scope="module")
def lived(hub: Town) -> Watched:
    town = Watched(hub.endpoints, hub.token, hub.keys)
    live(town)
    return town


def searched(town: Watched, *more: tuple[str, bytes]) -> tuple[Finder, Counter[str]]:
    finder = Finder.of(town.sent)
    places = everything(town.folder, town.endpoints["kafka"], town.endpoints["database"])
    return finder, search(finder, [*places, *town.answers(), *more], MEANT_FOR_IT | CLEAR)


def test_nothing_that_the_hub_wrote_or_answered_holds_personal_data(
    lived: Watched, collector: Collector
) -> None:
    wait_until(
        lambda: {span.service for span in collector.spans} == SERVICES, SECONDS, "spans of each service"
    )
    finder, looked = searched(lived, *(("spans", body) for body in list(collector.bodies)))
    assert set(finder.forms.values()) == set(Kind)
    assert looked.keys() >= {
        "topic __consumer_offsets, value",
        "topic __transaction_state, key",
        "topic matcher-households.changelog, content",
        "topic signals.v1, headers",
        f"topic tenant.{TOWN}.signals.v1, content",
        "topic answers.v1, content",
        "topic refusals.v1, content",
        "table common.deliveries, body",
        "table feedback.signals, personal",
        "file data/logs/ingest-0.log",
        "file data/logs/kafka.log",
        "file data/logs/postgres.log",
        "file data/endpoints.json",
        "answer POST 400",
        "answer POST 409",
        "answer POST 503",
        "answer metrics 200",
        "file up.log",
        "spans",
    }
    assert "\n".join(map(str, sorted(finder.hits))) == ""


def test_a_record_that_cannot_be_read_is_not_quoted_in_log_or_headers(lived: Watched) -> None:
    """Whoever may write to a topic writes what it likes: that stays on the DLQ, and comes nowhere else."""
    produce(lived, "signals.v1", value=f"{BSN} {NAME} {EMAIL}".encode())
    log = lived.folder / "logs" / "matcher-0.log"
    wait_until(lambda: "record_sent_to_dlq" in log.read_text(), SECONDS, "the DLQ")
    finder, _ = searched(lived)
    assert {hit.place for hit in finder.hits} == {"topic signals.v1, value", "topic signals.v1.dlq, value"}


@pytest.fixture(scope="module")
def places(lived: Watched) -> set[str]:
    """Where something is found when there is something in every kind of place."""
    for _, plant in PLACES.values():
        plant(lived)
    finder, _ = searched(lived)
    return {hit.place for hit in finder.hits}


@pytest.mark.parametrize("place", [place for place, _ in PLACES.values()], ids=PLACES)
def test_the_search_finds_what_is_planted_in_any_place(place: str, places: set[str]) -> None:
    assert place in places


@pytest.mark.parametrize("planted", SPANS.values(), ids=SPANS)
def test_the_search_finds_what_is_planted_in_what_is_sent_to_a_collector(
    planted: tuple[Span, str], lived: Watched, collector: Collector
) -> None:
    found = Collector(collector.url)
    found.take(exported(*planted))
    assert Finder.of(lived.sent).look("spans", b"\n".join(found.bodies))


def test_after_an_erasure_the_hub_can_open_no_copy_anywhere_and_knows_no_case_of_it(lived: Watched) -> None:
    """Every sealed text on any topic, in any table or file, with every key that the hub has."""
    database = lived.endpoints["database"]
    before = sealed(everything(lived.folder, lived.endpoints["kafka"], database))
    could = set(openable(before, keys_of(lived.folder, database)))
    assert {place for text in could for place in before[text]} >= {
        "topic signals.v1, value",
        f"topic tenant.{TOWN}.signals.v1, value",
        "table feedback.signals, personal",
    }
    for household in households(database):
        assert asyncio.run(erase(database, None, household))
    wait_until(lambda: lived.cases() == [], SECONDS, "the worklist")
    places = list(everything(lived.folder, lived.endpoints["kafka"], database))
    after = sealed(places)
    assert list(openable(after, keys_of(lived.folder, database))) == []
    assert {"table feedback.signals, personal"} & set().union(*after.values()) == set()
    assert {place for place, _ in places} >= {f"topic tenant.{TOWN}.erasures.v1, value"}
    assert all(opened(text, lived.keys[TOWN]) for text in could), "it is the municipality's to keep"


def households(database: str) -> list[str]:
    with psycopg.connect(database.replace("+psycopg", "", 1)) as connection:
        return [each for (each,) in connection.execute("SELECT DISTINCT household FROM common.vault")]
