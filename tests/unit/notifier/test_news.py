"""Who is told by webhook, of what, and what may not be told any more once something newer is."""

import json
from dataclasses import replace

import pytest

from services.common.events import (
    BailiffMatch,
    Erasure,
    Event,
    Feedback,
    FeedbackStatus,
    Pause,
    PauseEnd,
    PauseGround,
    Signal,
)
from services.notifier.news import News, news_of
from services.notifier.webhooks import structured
from tests.flow.examples import example, message

KNOWN = example("feedback/known", Feedback)
STARTED = example("pauses/started", Pause)
MATCH = example("bailiff-matches/help-started", BailiffMatch)


def news(event: Event | None) -> News:
    found = news_of(event)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("event", "party"),
    [
        (STARTED, STARTED.creditor),
        (KNOWN, KNOWN.creditor),
        (MATCH, MATCH.asker),
    ],
)
def test_an_event_is_for_the_creditor_or_the_bailiff_that_it_names(event: Event, party: str) -> None:
    assert news(event).party == party
    assert party in json.dumps(json.loads(structured(message(event, "x")))["data"])


def test_other_events_are_for_nobody() -> None:
    assert news_of(example("signals/rent", Signal)) is None
    assert news_of(None) is None


@pytest.mark.parametrize(
    ("event", "fleeting"),
    [
        (KNOWN, True),
        (replace(KNOWN, contacts=()), True),
        (replace(KNOWN, status=FeedbackStatus.PICKED_UP, contacts=()), False),
        (MATCH, True),
        (replace(MATCH, contacts=()), False),
        *((replace(STARTED, ground=each), each in ("KNOWN_IN_DEBT_HELP", "CHECK")) for each in PauseGround),
        (replace(STARTED, ground=None, end_reason=PauseEnd.RESULT), False),
    ],
)
def test_only_what_tells_of_running_help_gives_way_to_what_is_newer(event: Event, fleeting: bool) -> None:
    assert news(event).fleeting == fleeting


def test_a_later_event_of_one_thing_is_about_the_same_and_not_lower() -> None:
    corrected = replace(KNOWN, status=FeedbackStatus.PICKED_UP, revision=KNOWN.revision + 1)
    ended = replace(STARTED, ground=None, sequence=STARTED.sequence + 1)
    for before, after in ((KNOWN, corrected), (STARTED, ended), (MATCH, replace(MATCH, contacts=()))):
        assert news(before).about == news(after).about
        assert news(before).rank <= news(after).rank


def test_things_of_different_kinds_are_not_about_the_same() -> None:
    same = "0b7f"
    events = (
        replace(KNOWN, signal_id=same),
        replace(STARTED, pause_id=same),
        replace(MATCH, match_id=same),
    )
    assert len({news(each).about for each in events}) == 3


def test_the_erasure_of_a_signal_is_told_to_nobody_and_later_than_all_that_was_fed_back_of_it() -> None:
    erased = news(replace(example("erasures/term", Erasure), erased_id=KNOWN.signal_id))
    assert (erased.party, erased.about, erased.fleeting) == (None, news(KNOWN).about, False)
    assert erased.rank > news(replace(KNOWN, revision=1_000_000)).rank
