"""Wires matcher: three processors, and the desk where bailiffs and collectors check."""

from collections.abc import Callable
from datetime import timedelta

from services.common.events import Agreement, Party, Policy, Signal, Snapshot
from services.common.host import Parts
from services.common.pace import PROMPT
from services.common.processor import Processor
from services.common.publish import Publisher
from services.common.ready import Ready
from services.common.records import partition_key
from services.common.runtime import Runtime
from services.common.view import View
from services.common.web import make_app
from services.matcher.api import toetsen
from services.matcher.desk import Desk, Views
from services.matcher.domain.facts import Household
from services.matcher.domain.households import Policies
from services.matcher.domain.persons import Person
from services.matcher.domain.registrations import Place
from services.matcher.domain.repeats import recent_days
from services.matcher.guard import Guard
from services.matcher.processors import (
    BY_PERSON_TOPIC,
    HOUSEHOLDS,
    PERSONS,
    REGISTRATIONS,
    households_handler,
    persons_handler,
    registrations,
)
from services.matcher.running import Running, running_of
from services.matcher.settings import CheckSettings

DESCRIPTION = """Toetsen door gerechtsdeurwaarders en overheden die zelf innen: krijgt deze persoon
schuldhulp, en wie is te bellen?"""
DEFAULT_PAUSE_DAYS = 30
"""When a municipality has no policy: the covenant's 30 days (domain.md 2.4)."""


def build(runtime: Runtime) -> Parts:
    """Return the parts of this service; nothing connects before they start."""
    publisher = Publisher(runtime)
    parties: View[Party] = View("parties.v1", runtime)
    agreements: View[Agreement] = View("agreements.v1", runtime)
    policies: View[Policy] = View("policies.v1", runtime)
    known: View[Running] = View(BY_PERSON_TOPIC, runtime, running_of)
    snapshots: View[Snapshot] = View("snapshots.v1", runtime)
    checks = CheckSettings()
    views = Views(parties, agreements, known, snapshots)
    desk = Desk(views, publisher, runtime, timedelta(days=checks.check_days))
    api = make_app(runtime, "Signaalhub: toetsen", DESCRIPTION)
    api.include_router(toetsen(desk, Guard(checks, runtime.metrics)))
    rules = households_handler(Policies(pause_days(policies), repeat_days(policies)))
    services = (
        publisher,
        parties,
        agreements,
        known,
        snapshots,
        policies,
        Processor(REGISTRATIONS, registrations, Place, partition_key, runtime, PROMPT),
        Processor(PERSONS, persons_handler, Person, partition_key, runtime, PROMPT),
        Ready(policies),
        Processor(HOUSEHOLDS, rules, Household, partition_key, runtime),
    )
    return Parts(services, api)


def pause_days(policies: View[Policy]) -> Callable[[str], int]:
    """Return the length of a pause by municipality, as its policy says now."""

    def days(municipality: str) -> int:
        policy = policies.get(municipality)
        return policy.pause_days if policy else DEFAULT_PAUSE_DAYS

    return days


def repeat_days(policies: View[Policy]) -> Callable[[Signal], int]:
    """Return for how many days a repeat is one in the municipality of a signal; 0 = it wants them all."""

    def days(signal: Signal) -> int:
        policy = policies.get(signal.municipality)
        if policy is None or policy.repeat_days is None:
            return recent_days(signal.signal_date)
        return policy.repeat_days

    return days
