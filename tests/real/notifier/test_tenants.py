"""What tenants get: every event on their own topics, byte for byte; a case with its team."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.common import cloudevents
from services.common.events import (
    BailiffMatch,
    Case,
    Event,
    Feedback,
    Lane,
    Match,
    Pause,
    Refusal,
    Role,
    Routing,
    RoutingReason,
    Signal,
    Team,
)
from tests.flow.examples import NOW, example
from tests.real.notifier.conftest import Post
from tests.real.primitives import read_all

pytestmark = pytest.mark.real
CASE = replace(example("cases/opened", Case), team=None)


def team(municipality: str, team_id: str, *areas: str, lane: Lane | None = None) -> Team:
    return Team(
        team_id=f"{team_id}-{municipality}",
        municipality=municipality,
        name=team_id,
        areas=areas,
        lanes=(lane,) if lane else (),
        fallback=False,
    )


async def test_a_signal_and_a_match_reach_their_municipality_byte_for_byte(post: Post) -> None:
    town = await post.party(Role.MUNICIPALITY)
    household = uuid4().hex
    signal = replace(example("signals/rent", Signal), municipality=town, household=household)
    match = replace(example("matches/multiple", Match), municipality=town, household=household)
    found: tuple[tuple[str, Event], ...] = (("signals", signal), ("matches", match))
    for subject, event in found:
        await post.write(f"{subject}.v1", household, event)
        (sent,) = await post.read(f"{subject}.v1", 1, household)
        (got,) = await post.read(f"tenant.{town}.{subject}.v1", 1)
        assert (got.key, got.value, got.headers) == (sent.key, sent.value, sent.headers)


async def test_a_case_is_routed_once_keeps_its_team_and_reaches_its_municipality_with_it(post: Post) -> None:
    town, household = await post.party(Role.MUNICIPALITY), uuid4().hex
    north, crisis = team(town, "noord", CASE.area.pc4), team(town, "acuut", lane=Lane.CRISIS)
    await post.master("teams.v1", north.team_id, north)
    await post.master("teams.v1", crisis.team_id, crisis)
    case = replace(CASE, case_id=str(uuid4()), household=household, municipality=town)
    changes = (case, replace(case, young=True), replace(case, crisis=True), replace(case, crisis=True))
    ids = await post.write("cases.v1", household, *changes, what="changed")
    got = await post.read(f"tenant.{town}.cases.v1", 4)
    copies = [post.runtime.codec.decode(record.value, "cases") for record in got]
    teams = (north, north, crisis, crisis)
    assert copies == [replace(c, team=t.team_id) for c, t in zip(changes, teams, strict=True)]
    metas = [cloudevents.read(record.headers) for record in got]
    assert [meta.id for meta in metas] == ids
    assert {(meta.type, meta.time) for meta in metas} == {("nl.signaalhub.cases.changed", NOW)}
    routings = [
        post.runtime.codec.decode(record.value, "routings")
        for record in await post.read("routings.v1", 2, household)
    ]
    expected = Routing(
        case_id=case.case_id,
        household=household,
        municipality=town,
        team=north.team_id,
        reason=RoutingReason.AREA,
    )
    assert routings == [expected, replace(expected, team=crisis.team_id, reason=RoutingReason.CRISIS)]


async def test_a_municipality_without_teams_gets_its_cases_all_the_same(post: Post) -> None:
    town, household = await post.party(Role.MUNICIPALITY), uuid4().hex
    case = replace(CASE, case_id=str(uuid4()), household=household, municipality=town)
    await post.write("cases.v1", household, case)
    (got,) = await post.read(f"tenant.{town}.cases.v1", 1)
    assert post.runtime.codec.decode(got.value, "cases") == case


async def test_pauses_feedback_and_refusals_reach_their_creditor_byte_for_byte(post: Post) -> None:
    creditor = await post.party(Role.CREDITOR)
    found: tuple[tuple[str, Event], ...] = (
        ("pauses", replace(example("pauses/started", Pause), creditor=creditor)),
        ("feedback", replace(example("feedback/known", Feedback), creditor=creditor)),
        (
            "refusals",
            replace(example("refusals/two-reasons", Refusal), creditor=creditor, sender=creditor),
        ),
    )
    for subject, event in found:
        await post.write(f"{subject}.v1", creditor, event)
        (sent,) = await post.read(f"{subject}.v1", 1, creditor)
        (got,) = await post.read(f"tenant.{creditor}.{subject}.v1", 1)
        assert (got.key, got.value, got.headers) == (sent.key, sent.value, sent.headers)


async def test_a_refusal_reaches_the_intermediary_who_sent_it_as_well(post: Post) -> None:
    office, creditor = await post.party(Role.INTERMEDIARY), await post.party(Role.CREDITOR)
    refusal = replace(example("refusals/two-reasons", Refusal), creditor=creditor, sender=office)
    await post.write("refusals.v1", creditor, refusal)
    (one,) = await post.read(f"tenant.{creditor}.refusals.v1", 1)
    (other,) = await post.read(f"tenant.{office}.refusals.v1", 1)
    assert (one.value, one.headers) == (other.value, other.headers)


async def test_a_push_reaches_the_bailiff_who_asked_and_no_other(post: Post) -> None:
    asker, other = await post.party(Role.BAILIFF), await post.party(Role.BAILIFF)
    person = uuid4().hex
    for who in (other, asker):
        match = replace(example("bailiff-matches/help-started", BailiffMatch), person=person, asker=who)
        await post.write("bailiff-matches.v1", person, match)
    (got,) = await read_all(post.runtime.settings.kafka, f"tenant.{asker}.bailiff-matches.v1", 1, 40)
    event = post.runtime.codec.decode(got.value, "bailiff-matches")
    assert isinstance(event, BailiffMatch)
    assert event.asker == asker


async def test_what_is_for_a_party_without_topics_goes_to_the_dlq_and_holds_nobody_up(post: Post) -> None:
    creditor = await post.party(Role.CREDITOR)
    nobody = "00000099999999999999"
    pause = replace(example("pauses/started", Pause), creditor=nobody)
    await post.write("pauses.v1", nobody, pause)
    await post.write("pauses.v1", creditor, replace(pause, creditor=creditor))
    await post.read("pauses.v1.dlq", 1, nobody)
    await post.read(f"tenant.{creditor}.pauses.v1", 1)
