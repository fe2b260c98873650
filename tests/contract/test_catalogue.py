"""topics.yaml read as policy."""

import re

import pytest

from services.common.catalogue import ProcessorSpec, Topic, load_catalogue
from services.common.errors import ConfigurationError
from services.common.events import SUBJECTS
from services.common.registry import Released
from services.common.settings import REPOSITORY

SCHEMAS = REPOSITORY / "schemas"
CATALOGUE = load_catalogue(SCHEMAS)
SERVICES = {"ingest", "matcher", "notifier", "feedback"}
HOUSEHOLD_OR_PERSON_PARTITIONS = 12
READ_AS_VIEWS_ONLY = {"parties", "agreements", "policies", "teams", "snapshots"}
READ_BY_AUDITORS = {"processing-log"}

topics = pytest.mark.parametrize("topic", CATALOGUE.topics, ids=lambda t: t.name)
processors = pytest.mark.parametrize("spec", CATALOGUE.processors, ids=lambda p: p.name)


@topics
def test_a_topic_is_named_after_its_subject_and_version(topic: Topic) -> None:
    assert re.fullmatch(rf"{topic.subject}(\.by-[a-z]+)?\.v[1-9]", topic.name)


@topics
def test_a_topic_has_a_contract_an_owner_a_producer_and_a_consumer(topic: Topic) -> None:
    assert topic.subject in SUBJECTS
    assert topic.owner in topic.producers
    assert bool(topic.consumers) != (topic.subject in READ_BY_AUDITORS)
    assert {*topic.producers, *topic.consumers} <= SERVICES


@topics
def test_a_topic_is_either_compacted_or_kept_for_some_days(topic: Topic) -> None:
    assert topic.compacted == (topic.retention_days is None)


@topics
def test_a_topic_says_whether_its_value_holds_the_encrypted_field(topic: Topic) -> None:
    fields = {f["name"] for f in Released(SCHEMAS).latest(topic.subject).schema["fields"]}
    assert topic.personal_data == ("personal" in fields)


@topics
def test_what_is_keyed_by_household_or_person_has_twelve_partitions(topic: Topic) -> None:
    if topic.key.partition("/")[0] in {"household", "person", "registration"}:
        assert topic.partitions == HOUSEHOLD_OR_PERSON_PARTITIONS


@topics
def test_every_topic_has_a_dead_letter_queue_but_those_that_are_read_as_views_only(topic: Topic) -> None:
    assert topic.dlq == (topic.subject not in READ_AS_VIEWS_ONLY | READ_BY_AUDITORS)


@processors
def test_all_inputs_of_a_processor_have_one_key_and_one_partition_count(spec: ProcessorSpec) -> None:
    inputs = [CATALOGUE.topic(name) for name in spec.inputs]
    assert len({t.partitions for t in inputs}) == 1
    assert len({t.key.partition("/")[0] for t in inputs}) == 1


@processors
def test_a_processor_reads_and_writes_what_its_service_may(spec: ProcessorSpec) -> None:
    assert spec.service in SERVICES
    assert all(spec.service in CATALOGUE.topic(name).consumers for name in spec.inputs)
    own = [name for name in spec.outputs if not name.startswith("tenant.")]
    assert all(spec.service in CATALOGUE.topic(name).producers for name in own)
    tenants = {t.name for t in CATALOGUE.tenant_topics}
    assert {name for name in spec.outputs if name.startswith("tenant.")} <= tenants


def test_every_tenant_topic_is_written_by_one_processor() -> None:
    written = [name for spec in CATALOGUE.processors for name in spec.outputs if name.startswith("tenant.")]
    assert sorted(written) == sorted(t.name for t in CATALOGUE.tenant_topics)


def test_what_a_party_gets_and_what_it_writes_begin_differently_and_then_with_its_oin() -> None:
    assert all(topic.name.startswith("tenant.{oin}.") for topic in CATALOGUE.tenant_topics)
    assert all(topic.name.startswith("intake.{oin}.") for topic in CATALOGUE.intake_topics)


def test_a_tenant_topic_has_the_contract_of_its_subject() -> None:
    assert CATALOGUE.subject_of("tenant.00000099000000000363.bailiff-matches.v1") == "bailiff-matches"


def test_an_unknown_topic_is_a_configuration_error() -> None:
    for name in ("nothing.v1", "tenant.00000099000000000363.nothing.v1"):
        with pytest.raises(ConfigurationError, match="nothing"):
            CATALOGUE.subject_of(name)


def test_a_stateful_processor_has_a_changelog_with_the_partitions_of_its_inputs() -> None:
    found = {t.name: t for t in CATALOGUE.hub_topics()}
    assert found["matcher-households.changelog"].partitions == HOUSEHOLD_OR_PERSON_PARTITIONS
    assert found["matcher-households.changelog"].compacted
    assert "notifier-creditors.changelog" not in found
