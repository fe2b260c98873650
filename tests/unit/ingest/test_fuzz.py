"""The gate under whatever anybody sends: it judges, and never falls over."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Area
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


@given(changes=MESSAGES, faults=st.sets(st.sampled_from(("bezwaar", "rechtspersoon")), min_size=1))
def test_one_more_ground_takes_no_other_away(changes: dict[str, Any], faults: set[str]) -> None:
    def grounds(more: dict[str, Any]) -> set[Reason]:
        claim, _ = read_signal(message(**changes) | more, LANDLORD)
        assert claim is not None
        found = judge(claim, sender=LANDLORD, directory=directory(), place=None, today=TODAY)
        return {problem.reason for problem in found}

    worse = grounds(dict.fromkeys(faults, True))
    assert grounds(dict.fromkeys(faults, False)) < worse
