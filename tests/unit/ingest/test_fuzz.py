"""The gate under whatever anybody sends: it judges, and never falls over."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Area
from services.ingest.domain import gate
from services.ingest.domain.content import signal_personal, signal_public
from services.ingest.domain.directory import Place
from services.ingest.domain.gate import judge
from services.ingest.domain.reading import read_signal
from services.ingest.domain.reasons import Reason
from services.ingest.domain.rules import RULES
from tests.unit.ingest.messages import LANDLORD, TODAY, directory, message
from tests.unit.ingest.strategies import ANYTHING, MESSAGES, SENDERS

PLACES = st.sampled_from(
    (None, *(Place(municipality_code=code, area=Area(pc4="1")) for code in ("0363", "0518")))
)
GATE = {rule.reason for rule in RULES}


@given(
    changes=MESSAGES,
    extra=st.dictionaries(st.text(max_size=12), ANYTHING, max_size=2),
    sender=SENDERS,
    place=PLACES,
)
def test_every_message_is_accepted_whole_or_refused_with_reasons(
    changes: dict[str, Any], extra: dict[str, Any], sender: str, place: Place | None
) -> None:
    claim, problems = read_signal(message(**changes) | extra, sender)
    assert claim is not None
    found = judge(claim, sender=sender, directory=directory(), place=place, today=TODAY)
    assert {problem.reason for problem in found} <= GATE
    assert all(problem.field or problem.reason is Reason.UNREADABLE for problem in (*problems, *found))
    if not problems and not found:
        draft = claim.draft()
        assert msgspec.json.encode([signal_public(draft), signal_personal(draft)])


@given(changes=MESSAGES, sender=SENDERS)
def test_what_is_sent_again_is_judged_the_same(changes: dict[str, Any], sender: str) -> None:
    first, second = (read_signal(message(**changes), sender) for _ in range(2))
    assert first == second
    claim, _ = first
    assert claim is not None
    judged = [judge(claim, sender=sender, directory=directory(), place=None, today=TODAY) for _ in range(2)]
    assert judged[0] == judged[1]


@given(messages=st.lists(st.tuples(MESSAGES, SENDERS, PLACES), min_size=2, max_size=6))
def test_a_signal_is_judged_the_same_whatever_was_judged_before(
    messages: list[tuple[dict[str, Any], str, Place | None]],
) -> None:
    before = directory()
    for changes, sender, place in messages:
        claim, _ = read_signal(message(**changes), sender)
        assert claim is not None
        found = [
            judge(claim, sender=sender, directory=each, place=place, today=TODAY)
            for each in (before, directory())
        ]
        assert found[0] == found[1]


def test_what_is_kept_of_judgements_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_KEPT", 3)
    before = directory()
    for day in range(1, 10):
        claim, _ = read_signal(message(signaaldatum=f"2026-03-0{day}"), LANDLORD)
        assert claim is not None
        assert judge(claim, sender=LANDLORD, directory=before, place=None, today=TODAY) == ()
        assert 1 <= len(before.judged) <= 3


@given(changes=MESSAGES, faults=st.sets(st.sampled_from(("bezwaar", "rechtspersoon")), min_size=1))
def test_one_more_ground_takes_no_other_away(changes: dict[str, Any], faults: set[str]) -> None:
    def grounds(more: dict[str, Any]) -> set[Reason]:
        claim, _ = read_signal(message(**changes) | more, LANDLORD)
        assert claim is not None
        found = judge(claim, sender=LANDLORD, directory=directory(), place=None, today=TODAY)
        return {problem.reason for problem in found}

    worse = grounds(dict.fromkeys(faults, True))
    assert grounds(dict.fromkeys(faults, False)) < worse
