"""What a creditor may see: the table of domain.md 4.4, and the laws behind it."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import (
    Agreement,
    AgreementKind,
    CaseResult,
    Contact,
    FeedbackStatus,
    SignalState,
    SignalStatus,
)
from services.feedback.domain import (
    ACCEPTS_HELP,
    REMEMBERED,
    VISIBLE,
    Household,
    disclose,
    forget,
    next_forget,
    readable,
    tell,
)

NOW = datetime(2026, 3, 25, 10, tzinfo=UTC)
HELPER = Contact(organisation="Kredietbank", phone="0301234567")
STATE = SignalState(
    signal_id="s1",
    household="0" * 32,
    municipality="00000099001234560000",
    creditor="00000099111111110000",
    case_id="c1",
    status=SignalStatus.NOT_YET_PICKED_UP,
    contacts=(),
)
CLOSING_WITHOUT_HELP = [
    CaseResult.OTHER_TRACK_RUNNING,
    CaseResult.NEVER_REACHED,
    CaseResult.NO_REACTION_AFTER_CONTACT,
    CaseResult.SOLVES_IT_THEMSELVES,
    CaseResult.PAID_OR_ARRANGED,
    CaseResult.REFERRED_WITHOUT_RESIDENT,
]
statuses, results = st.sampled_from(SignalStatus), st.none() | st.sampled_from(CaseResult)
contacts = st.lists(st.just(HELPER), max_size=1).map(tuple)
states = st.builds(replace, st.just(STATE), status=statuses, result=results, contacts=contacts)


def test_every_status_has_an_answer() -> None:
    assert set(VISIBLE) == set(SignalStatus)


@pytest.mark.parametrize(
    ("status", "result", "seen", "accepted"),
    [
        (SignalStatus.NOT_YET_PICKED_UP, None, FeedbackStatus.NOT_YET_PICKED_UP, None),
        (SignalStatus.REPEATED, CaseResult.REPEATED, FeedbackStatus.REPEATED, None),
        (SignalStatus.UNJUSTIFIED, CaseResult.UNJUSTIFIED, FeedbackStatus.UNJUSTIFIED, None),
        (SignalStatus.NOT_RESIDENT, CaseResult.NOT_RESIDENT, FeedbackStatus.NOT_RESIDENT, None),
        (SignalStatus.DECEASED, CaseResult.DECEASED, FeedbackStatus.DECEASED, None),
        (SignalStatus.OTHER_REASON, CaseResult.OTHER_REASON, FeedbackStatus.NOT_PICKED_UP, None),
        (SignalStatus.KNOWN_IN_DEBT_HELP, None, FeedbackStatus.KNOWN_IN_DEBT_HELP, None),
        (SignalStatus.PICKED_UP, None, FeedbackStatus.PICKED_UP, None),
        *[(SignalStatus.PICKED_UP, each, FeedbackStatus.PICKED_UP, True) for each in sorted(ACCEPTS_HELP)],
        *[(SignalStatus.PICKED_UP, each, FeedbackStatus.PICKED_UP, False) for each in CLOSING_WITHOUT_HELP],
    ],
)
def test_a_status_is_told_as_the_table_says(
    status: SignalStatus, result: CaseResult | None, seen: FeedbackStatus, accepted: bool | None
) -> None:
    feedback = disclose(replace(STATE, status=status, result=result))
    assert (feedback.status, feedback.help_accepted, feedback.contacts) == (seen, accepted, ())


@given(states)
def test_contacts_are_told_only_with_help_that_runs(state: SignalState) -> None:
    feedback = disclose(state)
    known = state.status is SignalStatus.KNOWN_IN_DEBT_HELP
    assert feedback.contacts == (state.contacts if known else ())


@given(states, st.sampled_from(sorted(ACCEPTS_HELP)), st.sampled_from(sorted(ACCEPTS_HELP)))
def test_the_kind_of_help_cannot_be_told_apart(
    state: SignalState, one: CaseResult, other: CaseResult
) -> None:
    assert disclose(replace(state, result=one)) == disclose(replace(state, result=other))


@given(states, st.sampled_from(sorted(CLOSING_WITHOUT_HELP)), st.sampled_from(sorted(CLOSING_WITHOUT_HELP)))
def test_why_there_was_no_help_cannot_be_told_apart(
    state: SignalState, one: CaseResult, other: CaseResult
) -> None:
    assert disclose(replace(state, result=one)) == disclose(replace(state, result=other))


@given(states)
def test_accepted_or_not_is_told_of_a_signal_that_was_picked_up_and_of_no_other(state: SignalState) -> None:
    feedback = disclose(state)
    if state.status is not SignalStatus.PICKED_UP or state.result is None:
        assert feedback.help_accepted is None
    else:
        assert feedback.help_accepted is (state.result in ACCEPTS_HELP)


def test_a_change_that_the_creditor_may_not_see_is_no_news() -> None:
    known, first = tell(replace(STATE, status=SignalStatus.PICKED_UP), Household(), NOW)
    assert first is not None
    moved = replace(STATE, status=SignalStatus.PICKED_UP, case_id="c2")
    assert tell(moved, known, NOW)[1] is None
    known, news = tell(replace(moved, result=CaseResult.NEVER_REACHED), known, NOW)
    assert news is not None
    assert tell(replace(moved, result=CaseResult.OTHER_TRACK_RUNNING), known, NOW)[1] is None


@given(st.lists(states, max_size=12))
def test_each_event_is_news_and_the_last_one_is_the_truth(found: list[SignalState]) -> None:
    known, heard = Household(), []
    for state in found:
        known, news = tell(state, known, NOW)
        heard += [news] if news else []
    assert all(one != other for one, other in itertools.pairwise(heard))
    if found:
        told = known.signals["s1"]
        assert (heard[-1].status, heard[-1].help_accepted, heard[-1].contacts) == (
            told.status,
            told.help_accepted,
            told.contacts,
        )


def test_known_in_debt_help_vanishes_when_help_ends_even_if_a_team_said_so_too() -> None:
    runs = replace(STATE, status=SignalStatus.KNOWN_IN_DEBT_HELP, contacts=(HELPER,))
    known, news = tell(runs, Household(), NOW)
    assert news is not None
    assert news.contacts == (HELPER,)
    ended = replace(runs, contacts=(), result=CaseResult.KNOWN_IN_DEBT_HELP)
    known, news = tell(ended, known, NOW)
    assert news is not None
    assert (news.status, news.contacts) == (FeedbackStatus.NOT_PICKED_UP, ())
    assert tell(ended, known, NOW)[1] is None


def test_a_team_that_knows_the_resident_in_debt_help_is_believed_when_the_hub_knows_nothing() -> None:
    said = replace(STATE, status=SignalStatus.KNOWN_IN_DEBT_HELP, result=CaseResult.KNOWN_IN_DEBT_HELP)
    _known, news = tell(said, Household(), NOW)
    assert news is not None
    assert news.status is FeedbackStatus.KNOWN_IN_DEBT_HELP


def test_what_was_told_is_forgotten_a_year_after_the_last_change() -> None:
    known, _ = tell(STATE, Household(), NOW)
    known, _ = tell(replace(STATE, signal_id="s2"), known, NOW + timedelta(days=1))
    assert next_forget(known) == NOW + REMEMBERED
    rest = forget(known, NOW + REMEMBERED)
    assert list(rest.signals) == ["s2"]
    assert next_forget(forget(rest, NOW + 2 * REMEMBERED)) is None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ("m",)),
        ({"sender": "x"}, ()),
        ({"sender": None}, ()),
        ({"grantee": "x"}, ()),
        ({"kind": AgreementKind.REPRESENTATION}, ()),
        ({"valid_from": date(2026, 3, 26)}, ()),
        ({"valid_from": date(2026, 3, 25), "valid_until": date(2026, 3, 25)}, ("m",)),
        ({"valid_until": date(2026, 3, 24)}, ()),
    ],
)
def test_a_sender_reads_for_a_creditor_only_where_an_agreement_of_today_names_it(
    change: dict[str, object], found: tuple[str, ...]
) -> None:
    agreement = Agreement(
        agreement_id="a",
        kind=AgreementKind.SIGNALS,
        grantor="m",
        grantee="creditor",
        sender="sender",
        valid_from=date(2026, 1, 1),
    )
    changed = replace(agreement, **change)  # type: ignore[arg-type]
    assert readable([changed], "sender", "creditor", date(2026, 3, 25)) == found
