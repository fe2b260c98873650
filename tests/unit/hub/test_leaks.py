"""Whatever the parties of the demo send is searched for, by whichever kind of action."""

from typing import get_args

import pytest

from services.local.demo.actions import (
    Action,
    AnswerQuestions,
    Ask,
    Attempt,
    Conclude,
    Content,
    Correct,
    DailyFile,
    Deliver,
    EndHelp,
    Register,
    SendSignal,
    Withdraw,
)
from tests.real.hub.leaks import sent_by
from tests.real.hub.personal import Finder, Kind

CONTENT: Content = {"adres": {"postcode": "1234 XY"}}
REF = ("a creditor", "a reference")
SAYING: dict[type, Action] = {
    SendSignal: SendSignal(sender="x", content=CONTENT),
    Deliver: Deliver(sender="x", form="ndjson", rows=("{", CONTENT)),
    Correct: Correct(sender="x", signal=REF, content=CONTENT),
    Register: Register(registrar="x", reference="r", content=CONTENT),
    DailyFile: DailyFile(registrar="x", rows=(("r", CONTENT),)),
}
SILENT = {Withdraw, EndHelp, AnswerQuestions, Attempt, Conclude}


@pytest.mark.parametrize("kind", SAYING)
def test_what_an_action_sends_of_a_resident_is_searched_for(kind: type) -> None:
    assert Finder.of(sent_by(SAYING[kind])).forms == {"1234xy": Kind.POSTCODE}


def test_the_bsn_of_a_check_is_searched_for() -> None:
    action = Ask(asker="x", bsn="999990019", dossier="d", reason="beslag")
    assert Finder.of(sent_by(action)).forms == {"999990019": Kind.BSN}


def test_no_kind_of_action_is_forgotten() -> None:
    assert set(get_args(Action)) == SAYING.keys() | SILENT | {Ask}
