"""One trace, and figures that are true, through the services of a running hub."""

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from services.common.metrics import HEALTHY, LAG, PARTITIONS
from services.local.waiting import wait_until
from tests.real.hub.collector import Collector, collecting
from tests.real.hub.town import BSN, LANDLORD, OTHER_LANDLORD, PERSON, TOWN, Town, days_ago, signal_body

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

SERVICES = ("ingest", "matcher", "notifier", "feedback")
SECONDS = 60
CALLER_SPAN = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def hub_environment(collector: Collector) -> dict[str, str]:
    return {
        "SIGNAALHUB_OTLP_ENDPOINT": collector.url,
        "SIGNAALHUB_TRACE_RATIO": "0",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }


def post(hub: Town, reference: str, traceparent: str | None, house: int) -> str:
    """Post a signal of a household of its own; returns its id."""
    headers = {"Authorization": f"Bearer {hub.token(LANDLORD, 'signalen')}"}
    if traceparent:
        headers["traceparent"] = traceparent
    body = signal_body(reference, "Huur") | {"adres": {"postcode": "1234AB", "huisnummer": house}}
    answer = httpx.post(f"{hub.endpoints['ingest']}/v1/signalen", headers=headers, json=body, timeout=20)
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["id"]
    return found


def records(hub: Town, topic: str) -> list[tuple[bytes, bytes, dict[str, bytes]]]:
    """All that is on a topic: key, value, headers."""
    settings = {
        "bootstrap.servers": hub.endpoints["kafka"],
        "group.id": "watch",
        "enable.partition.eof": True,
    }
    consumer = Consumer({**settings, "isolation.level": "read_committed", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found: list[Any] = []
    ends = 0
    while ends < len(partitions):
        message = consumer.poll(20)
        assert message is not None
        if message.error():
            ends += 1
        else:
            found.append((message.key(), message.value(), dict(message.headers() or [])))
    consumer.close()
    return found


def arrived(hub: Town, trace: str) -> bool:
    """Whether the municipality has a case of this trace."""
    return bool(parents(hub, f"tenant.{TOWN}.cases.v1", trace))


def parents(hub: Town, topic: str, trace: str) -> list[str]:
    """The span ids on the records of a topic that belong to a trace."""
    texts = [headers.get("traceparent", b"").decode() for _, _, headers in records(hub, topic)]
    return [text.split("-")[2] for text in texts if text[3:35] == trace]


def lines(hub: Town, service: str) -> list[dict[str, Any]]:
    """The log of a service."""
    return [json.loads(line) for line in log_file(hub, service).read_text().splitlines()]


def log_file(hub: Town, service: str) -> Path:
    return Path(hub.endpoints["jwks"]).parents[1] / "logs" / f"{service}-0.log"


def accesses(hub: Town, service: str, trace: str) -> list[dict[str, Any]]:
    return [
        line
        for line in lines(hub, service)
        if line["event"] == "request_answered" and line["trace_id"] == trace
    ]


@pytest.fixture(scope="module")
def trace(hub: Town, collector: Collector) -> str:
    """The trace of one signal, followed to the municipality; before it, one that is not to be recorded."""
    post(hub, "unsampled", f"00-{'cd' * 16}-{CALLER_SPAN}-00", 1)
    wait_until(lambda: arrived(hub, "cd" * 16), SECONDS, "the first case", poll=0.5)
    found = secrets.token_hex(16)
    post(hub, "sampled", f"00-{found}-{CALLER_SPAN}-01", 2)
    wait_until(lambda: arrived(hub, found), SECONDS, "the case", poll=0.5)
    wanted = ("process signals.v1", "process cases.v1", "commit notifier-households")
    wait_until(
        lambda: all(collector.of(found, "notifier", name) for name in wanted),
        SECONDS,
        "the spans of notifier",
    )
    return found


def test_a_trace_leads_from_the_request_through_the_services_to_the_tenants_record(
    hub: Town, collector: Collector, trace: str
) -> None:
    (request,) = collector.of(trace, "ingest", "POST /v1/signalen")
    (publish,) = collector.of(trace, "ingest", "publish")
    (matched,) = collector.of(trace, "matcher", "process signals.v1")
    assert request.parent == CALLER_SPAN
    assert publish.parent == request.id
    assert matched.parent == publish.id
    assert {span.parent for span in collector.of(trace, "notifier", "process cases.v1")} == {matched.id}
    (signal,) = parents(hub, f"tenant.{TOWN}.signals.v1", trace)
    assert signal == publish.id, "it is copied with its headers"
    routed = {span.id for span in collector.of(trace, "notifier", "process cases.v1")}
    assert set(parents(hub, f"tenant.{TOWN}.cases.v1", trace)) <= routed
    assert not [span for span in collector.spans if span.error]


def test_a_commit_is_a_span_under_what_it_commits(collector: Collector, trace: str) -> None:
    (commit,) = collector.of(trace, "matcher", "commit matcher-households")
    (matched,) = collector.of(trace, "matcher", "process signals.v1")
    assert commit.parent == matched.id
    assert commit.links == ()


def test_the_projections_are_part_of_the_trace(collector: Collector, trace: str) -> None:
    wait_until(lambda: bool(collector.of(trace, "feedback", "commit feedback-worklist")), SECONDS, "feedback")
    assert collector.of(trace, "feedback", "process signals.v1")


def test_what_is_not_sampled_is_passed_on_and_not_recorded(
    hub: Town, collector: Collector, trace: str
) -> None:
    assert parents(hub, f"tenant.{TOWN}.cases.v1", "cd" * 16)
    assert not [span for span in collector.spans if span.trace == "cd" * 16]
    assert {span.trace for span in collector.spans} == {trace}, (
        "the ratio is 0: only what the caller asked for"
    )


def test_spans_hold_ids_and_nothing_of_the_resident(collector: Collector, trace: str) -> None:
    assert_impersonal(json.dumps([vars(span) for span in collector.spans]))


def assert_impersonal(text: str) -> None:
    for personal in (BSN, PERSON["geslachtsnaam"], "bewoner@example.org", "0612345678", "45050", "1234AB"):
        assert personal not in text


def test_a_request_without_a_traceparent_gets_one_that_joins_its_lines_with_its_records(hub: Town) -> None:
    post(hub, "no-traceparent", None, 3)
    line = next(line for line in reversed(lines(hub, "ingest")) if line["event"] == "request_answered")
    assert (line["route"], line["status"], line["party"]) == ("/v1/signalen", 202, LANDLORD)
    assert parents(hub, "signals.v1", line["trace_id"])


def routes(hub: Town, service: str) -> set[str]:
    """The routes in the lines of requests: written after the answer, so they may come later."""
    return {line["route"] for line in lines(hub, service) if line["event"] == "request_answered"}


def test_the_line_of_a_request_has_its_trace_and_its_route_and_never_its_path(hub: Town, trace: str) -> None:
    (line,) = accesses(hub, "ingest", trace)
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/signalen", 202)
    assert line["ms"] > 0
    secret = f"geheim-{secrets.token_hex(4)}"
    hub.send("feedback", "GET", f"/v1/signalen/{secret}?x={secret}", LANDLORD, "terugkoppelingen")
    hub.send("feedback", "GET", f"/v1/{secret}", LANDLORD, "terugkoppelingen")
    wait_until(lambda: {"/v1/signalen/{id}", "none"} <= routes(hub, "feedback"), SECONDS, "both lines")
    assert secret not in log_file(hub, "feedback").read_text()
    assert secret not in scraped(hub, "feedback")


# Metrics


def scraped(hub: Town, service: str) -> str:
    """What Prometheus gets: no token."""
    answer = httpx.get(f"{hub.endpoints[service]}/metrics", timeout=20)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


def samples(hub: Town, service: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(scraped(hub, service))
        for sample in family.samples
    }


def value(hub: Town, service: str, name: str, **labels: str) -> float:
    """The sum over what has these labels; what is not there is a mistake in the test."""
    found = [v for (n, have), v in samples(hub, service).items() if n == name and labels.items() <= have]
    assert found, f"{service} has no {name} {labels}"
    return sum(found)


def test_signals_refusals_and_requests_are_counted_as_they_were_answered(hub: Town) -> None:
    names = [
        ("signaalhub_signals_total", {"outcome": outcome}) for outcome in ("accepted", "refused", "conflict")
    ]
    names += [("signaalhub_refusals_total", {"reason": r}) for r in ("ARREARS_TOO_SHORT", "NO_AGREEMENT")]
    before = [value(hub, "ingest", name, **labels) for name, labels in names]
    assert hub.signal(OTHER_LANDLORD, "M-1").status_code == 202
    assert hub.signal(OTHER_LANDLORD, "M-1").status_code == 202
    assert hub.signal(OTHER_LANDLORD, "M-1", bedragInCenten=1).status_code == 409
    assert hub.signal(OTHER_LANDLORD, "M-2", ontstaansdatum=days_ago(0)).status_code == 400
    after = [value(hub, "ingest", name, **labels) for name, labels in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1, 1, 0]
    posts = {"method": "POST", "route": "/v1/signalen", "status": "409"}
    assert value(hub, "ingest", "signaalhub_http_request_seconds_count", **posts) == 1


def test_checks_are_counted_by_their_answer(hub: Town) -> None:
    assert hub.check().status_code == 200
    assert value(hub, "matcher", "signaalhub_check_seconds_count", answer="unknown") == 1
    assert value(hub, "matcher", "signaalhub_check_seconds_count", answer="known") == 0


def test_handled_records_are_those_of_the_topics_and_then_nobody_is_behind(hub: Town) -> None:
    signals = len(records(hub, "signals.v1"))
    part = {"part": "matcher-households", "topic": "signals.v1"}
    wait_until(
        lambda: value(hub, "matcher", "signaalhub_records_total", **part) == signals, SECONDS, "all signals"
    )
    for service in ("matcher", "notifier", "feedback"):
        wait_until(lambda s=service: value(hub, s, LAG) == 0, SECONDS, f"{service} to be done")  # type: ignore[misc]
    assert value(hub, "matcher", PARTITIONS, part="matcher-households", state="running") == 12
    assert value(hub, "matcher", "signaalhub_transaction_seconds_count", part="matcher-households") > 0


def test_a_record_put_aside_is_counted_where_it_lies(hub: Town) -> None:
    producer = Producer({"bootstrap.servers": hub.endpoints["kafka"]})
    producer.produce("bailiff-matches.v1", key=b"x", value=b"\x00garbage")
    producer.flush()
    topic, part = "bailiff-matches.v1", "notifier-bailiffs"
    wait_until(
        lambda: value(hub, "notifier", "signaalhub_dead_letters_total", part=part, topic=topic) == 1,
        SECONDS,
        "the record to be put aside",
    )
    assert value(hub, "notifier", "signaalhub_records_total", part=part, topic=topic) == 1
    dead = [headers["dlq_processor"].decode() for _, _, headers in records(hub, f"{topic}.dlq")]
    assert dead.count(part) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_metrics_name_no_party_and_nothing_of_a_resident_and_stay_few(hub: Town, service: str) -> None:
    text = scraped(hub, service)
    assert_impersonal(text)
    labels = [label for _, have in samples(hub, service) for _, label in have]
    assert not [label for label in labels if re.search(r"\d{6}", label)]
    assert len(labels) > 10
    assert text.count("\n") < 3000


@pytest.mark.parametrize("service", SERVICES)
def test_the_metrics_of_health_say_what_health_says(hub: Town, service: str) -> None:
    parts = httpx.get(f"{hub.endpoints[service]}/health", timeout=10).json()["onderdelen"]
    told = {dict(have)["part"]: v for (name, have), v in samples(hub, service).items() if name == HEALTHY}
    assert told == dict.fromkeys(parts, 1.0)
