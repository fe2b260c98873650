from dataclasses import replace

from services.common.events import Registration
from services.matcher.running import Running, running_of
from tests.flow.examples import example

RUNNING = example("registrations/running", Registration)


def test_what_the_desk_keeps_says_whom_to_call_and_who_says_so() -> None:
    assert running_of(RUNNING) == Running(RUNNING.contact, RUNNING.registrar, RUNNING.municipality)


def test_registrations_of_one_helper_share_what_is_kept() -> None:
    other = replace(RUNNING, registration_id="another", contact=replace(RUNNING.contact))
    assert running_of(other) is running_of(RUNNING)
