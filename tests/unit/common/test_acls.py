"""Who may do what, as tables: rows are rights, read off the catalogue by hand."""

import pytest

from services.common.acls import (
    MAKING_TOPICS,
    PREPARE,
    Acl,
    Operation,
    Resource,
    is_ours,
    party_acls,
    service_acls,
    services_of,
    wanted_acls,
)
from services.common.catalogue import dlq_of, load_catalogue
from services.common.errors import ConfigurationError
from services.common.settings import REPOSITORY

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
TOWN, LANDLORD = "00000099000000000363", "00000099000000001001"
SERVICES = ("feedback", "ingest", "matcher", "notifier")


def told(acl: Acl) -> str:
    return f"{acl.operation} {acl.resource} {acl.name}" + ("*" if acl.prefixed else "")


INGEST = """
Read topic agreements.v1
Write topic agreements.v1
Read topic parties.v1
Write topic parties.v1
Read topic policies.v1
Write topic policies.v1
Read topic teams.v1
Write topic teams.v1
Write topic debt-reports.v1
Write topic erasures.v1
Write topic refusals.v1
Read topic registrations.v1
Write topic registrations.v1
Write topic registrations.v1.dlq
Write topic signal-persons.v1
Write topic signals.v1
Write topic snapshots.v1
Write topic withdrawals.v1
AlterConfigs topic intake.*
Create topic intake.*
Delete topic intake.*
Describe topic intake.*
DescribeConfigs topic intake.*
Read topic intake.*
AlterConfigs topic tenant.*
Create topic tenant.*
Describe topic tenant.*
DescribeConfigs topic tenant.*
Read group ingest-helped
Read group ingest-intake
Write transactionalId ingest-intake-*
"""
FEEDBACK = """
Read topic agreements.v1
Write topic answers.v1
Read topic cases.v1
Write topic cases.v1.dlq
Read topic erasures.v1
Write topic erasures.v1.dlq
Read topic feedback-disclosure.changelog
Write topic feedback-disclosure.changelog
Read topic feedback.v1
Write topic feedback.v1
Write topic feedback.v1.dlq
Write topic outcomes.v1
Read topic parties.v1
Read topic pause-acknowledgements.v1
Write topic pause-acknowledgements.v1
Write topic pause-acknowledgements.v1.dlq
Write topic pause-orders.v1
Read topic pauses.v1
Write topic pauses.v1.dlq
Read topic questions.v1
Write topic questions.v1.dlq
Read topic refusals.v1
Write topic refusals.v1.dlq
Read topic routings.v1
Write topic routings.v1.dlq
Read topic signal-statuses.v1
Write topic signal-statuses.v1.dlq
Read topic signals.v1
Write topic signals.v1.dlq
Read topic withdrawals.v1
Write topic withdrawals.v1.dlq
Read group feedback-disclosed
Read group feedback-disclosure
Read group feedback-pauses
Read group feedback-quality
Read group feedback-worklist
Write transactionalId feedback-disclosure-*
"""


@pytest.mark.parametrize(("service", "rows"), [("ingest", INGEST), ("feedback", FEEDBACK)])
def test_a_service_may_do_its_part_in_the_catalogue_and_nothing_else(service: str, rows: str) -> None:
    assert sorted(map(told, service_acls(CATALOGUE, service))) == sorted(rows.strip().splitlines())


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("topic", CATALOGUE.topics, ids=lambda topic: topic.name)
def test_only_its_consumers_read_and_only_its_producers_write_a_topic(service: str, topic: object) -> None:
    name = getattr(topic, "name", "")
    may = {acl.operation for acl in service_acls(CATALOGUE, service) if acl.name == name}
    assert (Operation.READ in may) == (service in CATALOGUE.topic(name).consumers)
    assert (Operation.WRITE in may) == (service in CATALOGUE.topic(name).producers)


def test_no_service_reads_what_was_set_aside() -> None:
    dlqs = {dlq_of(topic.name) for topic in CATALOGUE.topics}
    acls = wanted_acls(CATALOGUE, [TOWN, LANDLORD])
    assert not [acl for acl in acls if acl.operation is Operation.READ and acl.name in dlqs]


def by_prefix(name: str) -> set[tuple[str, Operation]]:
    acls = wanted_acls(CATALOGUE, [])
    return {(acl.user, acl.operation) for acl in acls if acl.name == name and acl.prefixed}


def test_only_the_notifier_writes_to_parties_and_only_who_keeps_parties_makes_their_topics() -> None:
    assert by_prefix("tenant.") == {
        ("notifier", Operation.WRITE),
        *(("ingest", each) for each in MAKING_TOPICS),
    }


def test_what_parties_write_is_read_and_deleted_by_who_takes_it_in_and_written_by_no_service() -> None:
    takes_in = (Operation.READ, Operation.DELETE)
    assert by_prefix("intake.") == {("ingest", each) for each in (*MAKING_TOPICS, *takes_in)}


def test_a_party_reads_its_own_topics_in_groups_that_begin_with_its_oin() -> None:
    assert sorted(map(told, party_acls(CATALOGUE, TOWN))) == [
        f"Read group {TOWN}*",
        f"Read topic tenant.{TOWN}.*",
        f"Write topic intake.{TOWN}.signalen.v1",
    ]


def test_what_one_party_may_never_reaches_what_is_of_another() -> None:
    own, others = party_acls(CATALOGUE, TOWN), party_acls(CATALOGUE, LANDLORD)
    for acl in own:
        assert not [each.name for each in others if each.name.startswith(acl.name)]


@pytest.mark.parametrize(
    "oin", ["", "0000009900000000036", "000000990000000003630", "matcher", "\u0660" * 20]
)
def test_a_party_without_an_oin_gets_no_rights(oin: str) -> None:
    with pytest.raises(ConfigurationError, match="20 digits"):
        party_acls(CATALOGUE, oin)


def test_who_makes_the_topics_neither_reads_nor_writes_one() -> None:
    found = {(acl.name, acl.operation) for acl in wanted_acls(CATALOGUE, []) if acl.user == PREPARE}
    assert found == {("*", operation) for operation in MAKING_TOPICS}


def test_nothing_but_topics_of_parties_and_transactional_ids_goes_by_prefix_and_only_prepare_by_all() -> None:
    acls = wanted_acls(CATALOGUE, [])
    wide = {(acl.resource, acl.name) for acl in acls if acl.prefixed}
    groups = [
        *(spec.name for spec in CATALOGUE.processors),
        *(topic.group for topic in CATALOGUE.intake_topics),
    ]
    ids = {(Resource.TRANSACTIONAL_ID, f"{group}-") for group in groups}
    assert wide == {(Resource.TOPIC, "tenant."), (Resource.TOPIC, "intake."), *ids}
    assert {acl.user for acl in acls if acl.name == "*"} == {PREPARE}


@pytest.mark.parametrize(
    ("user", "ours"),
    [
        ("ingest", True),
        ("prepare", True),
        (TOWN, True),
        ("admin", False),
        ("broker", False),
        ("*", False),
        ("ANONYMOUS", False),
        ("ingest2", False),
        (f"{TOWN}0", False),
        ("0099", False),
    ],
)
def test_ours_are_the_services_prepare_and_who_has_an_oin_for_a_name(user: str, ours: bool) -> None:
    assert is_ours(CATALOGUE, user) is ours


def test_every_right_is_of_a_user_that_is_ours() -> None:
    assert services_of(CATALOGUE) == frozenset(SERVICES)
    assert all(is_ours(CATALOGUE, acl.user) for acl in wanted_acls(CATALOGUE, [TOWN, LANDLORD]))
