from datetime import timedelta

import pytest

from services.common.deliveries import (
    DELIVER_SECONDS,
    LEASE,
    MAX_ATTEMPTS,
    Outcome,
    State,
    outcome_of,
)
from services.common.errors import PermanentError, TransientError


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 20), (3, 80), (4, 320), (5, 1280), (6, 5120)])
def test_each_wait_is_four_times_the_one_before(attempt: int, seconds: int) -> None:
    outcome = outcome_of(attempt, TransientError("503"))
    assert outcome == Outcome(State.PENDING, timedelta(seconds=seconds), "TransientError: 503")


def test_the_last_attempt_that_fails_is_the_end() -> None:
    assert outcome_of(MAX_ATTEMPTS, TransientError("503")).state is State.DEAD


def test_a_permanent_error_is_the_end_at_once() -> None:
    assert outcome_of(1, PermanentError("410")) == Outcome(State.DEAD, error="PermanentError: 410")


def test_of_a_strangers_error_only_the_name_is_kept() -> None:
    assert outcome_of(1, RuntimeError("Jan Jansen")).error == "RuntimeError"


def test_success_is_done() -> None:
    assert outcome_of(3, None) == Outcome(State.DONE)


def test_a_lease_is_longer_than_a_partner_may_take() -> None:
    assert LEASE.total_seconds() > DELIVER_SECONDS
