"""Questions to a municipality: whether the person of a signal is that of a registration at the address.

"Possible" is nobody's to hear but the municipality's (design.md 5), so it is asked. Its answer is kept with
the question, whose id is made of the household and of what both say of the person: other evidence is another
question, the same evidence at the same address is never asked again.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.common.events import (
    Answer,
    Confidence,
    ErasedKind,
    Erasure,
    Question,
    QuestionState,
    SignalStatus,
)
from services.common.identifiers import derived_id
from services.matcher.domain.facts import (
    CaseFacts,
    Change,
    Household,
    QuestionFact,
    RegistrationFact,
    SignalFact,
)
from services.matcher.domain.identity import Finding, Traits, compare, is_sure

_ANSWERED = Finding(Confidence.CERTAIN, ("the municipality answered that it is",))
_OPEN = frozenset({SignalStatus.NOT_YET_PICKED_UP, SignalStatus.PICKED_UP})


class _Pair(NamedTuple):
    """A signal and a registration that may be of one person."""

    case: CaseFacts
    signal: SignalFact
    registration: RegistrationFact
    reasons: tuple[str, ...]


def found_in(household: Household, registration: RegistrationFact, signal: SignalFact) -> Finding | None:
    """Return why the person of a signal is surely that of a registration: by evidence, or by an answer."""
    finding = compare(registration.evidence, signal.evidence)
    if finding is None or is_sure(finding.confidence):
        return finding
    if not any(each.same and each.signal_id == signal.signal_id for each in household.questions):
        return None
    asked = _id_of(household, signal, registration)
    return next((_ANSWERED for each in household.questions if each.question_id == asked and each.same), None)


def with_answer(household: Household, answer: Answer) -> Household:
    """Return the household with an answer; one to a question that is not kept any more says nothing."""
    asked = {each.question_id: each for each in household.questions}
    before = asked.get(answer.question_id)
    if before is None or before.version >= answer.version or before.municipality != answer.municipality:
        return household
    after = before._replace(same=answer.same, version=answer.version)
    return _with(household, asked | {after.question_id: after})


def settle_questions(household: Household, changes: list[Change]) -> Household:
    """Tell which questions are new, answered, or pointless since."""
    if not (household.registrations or household.questions):
        return household
    asked = {each.question_id: each for each in household.questions}
    pairs = {_id_of(household, pair.signal, pair.registration): pair for pair in _pairs(household)}
    settled = [_settle(asked.get(id_), id_, pairs.get(id_)) for id_ in sorted(asked.keys() | pairs.keys())]
    for each in settled:
        before = asked.get(each.question_id)
        if before is None or before.tellings < each.tellings:
            changes.append(_change(household, each))
    return _with(household, {each.question_id: each for each in settled})


def without_asked(household: Household, erasure: Erasure, changes: list[Change]) -> Household:
    """Forget what was asked and answered about a signal or registration that is erased.

    Of a signal nobody needs to be told; of a registration the questions are taken back, answered or not.
    """
    if erasure.kind is ErasedKind.SIGNAL:
        return without_questions(household, {erasure.erased_id})
    own = [each for each in household.questions if each.registration_id == erasure.erased_id]
    standing = (each for each in own if each.state is not QuestionState.WITHDRAWN)
    changes.extend(_change(household, _told(each, QuestionState.WITHDRAWN)) for each in standing)
    kept = tuple(each for each in household.questions if each not in own)
    return household._replace(questions=kept) if own else household


def without_questions(household: Household, signal_ids: set[str]) -> Household:
    """Return the household without the questions about these signals."""
    kept = tuple(each for each in household.questions if each.signal_id not in signal_ids)
    return household if len(kept) == len(household.questions) else household._replace(questions=kept)


def _settle(before: QuestionFact | None, question_id: str, pair: _Pair | None) -> QuestionFact:
    """Return a question as it stands now; the very same when that is how it stood."""
    if before is None:
        if pair is None:
            raise ValueError("a question is told or is to be asked")
        return _first(question_id, pair)
    state = QuestionState.OPEN if pair else QuestionState.WITHDRAWN
    if before.same is not None:
        state = QuestionState.YES if before.same else QuestionState.NO
    moved = before if pair is None else before._replace(case_id=pair.case.case_id)
    return before if (before.state, before) == (state, moved) else _told(moved, state)


def _first(question_id: str, pair: _Pair) -> QuestionFact:
    return QuestionFact(
        question_id=question_id,
        case_id=pair.case.case_id,
        municipality=pair.case.municipality,
        signal_id=pair.signal.signal_id,
        registration_id=pair.registration.registration_id,
        reasons=pair.reasons,
        state=QuestionState.OPEN,
    )


def _told(question: QuestionFact, state: QuestionState) -> QuestionFact:
    return question._replace(state=state, tellings=question.tellings + 1)


def _pairs(household: Household) -> Iterator[_Pair]:
    """Return what is to be asked: of signals that wait for somebody, and of the municipality's own help."""
    if not household.registrations:
        return
    for case in household.cases:
        for signal in case.signals:
            if _waits(signal):
                yield from _pairs_of(household.registrations, case, signal)


def _pairs_of(
    registrations: Iterable[RegistrationFact], case: CaseFacts, signal: SignalFact
) -> Iterator[_Pair]:
    for registration in registrations:
        if registration.municipality == case.municipality:
            finding = compare(registration.evidence, signal.evidence)
            if finding and not is_sure(finding.confidence):
                yield _Pair(case, signal, registration, finding.reasons)


def _waits(signal: SignalFact) -> bool:
    told = signal.told
    return told is not None and told.status in _OPEN and told.result is None


def _id_of(household: Household, signal: SignalFact, registration: RegistrationFact) -> str:
    place = (household.household, signal.signal_id, registration.registration_id, registration.municipality)
    return derived_id("question", *place, *_words(signal.evidence), "and", *_words(registration.evidence))


def _words(traits: Traits) -> list[str]:
    return sorted(f"{each.kind.value} {each.digest}" for each in traits)


def _with(household: Household, asked: dict[str, QuestionFact]) -> Household:
    kept = tuple(asked[id_] for id_ in sorted(asked))
    return household if kept == household.questions else household._replace(questions=kept)


def _change(household: Household, question: QuestionFact) -> Change:
    event = Question(
        question_id=question.question_id,
        household=household.household,
        municipality=question.municipality,
        case_id=question.case_id,
        signal_id=question.signal_id,
        registration_id=question.registration_id,
        reasons=question.reasons,
        state=question.state,
    )
    change_id = derived_id("question-change", question.question_id, str(question.tellings))
    return Change(event, _WHAT[question.state], change_id)


_WHAT = {
    QuestionState.OPEN: "asked",
    QuestionState.YES: "answered",
    QuestionState.NO: "answered",
    QuestionState.WITHDRAWN: "withdrawn",
}
