"""Wires feedback: the worklist and outcomes of municipalities, and what creditors may read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

from services.common.clock import AMSTERDAM, Clock
from services.common.database import make_engine
from services.common.errors import TransientError
from services.common.events import Agreement, Party, Role
from services.common.host import Parts
from services.common.processor import Processor
from services.common.projection import Projection
from services.common.publish import Publisher
from services.common.records import partition_key
from services.common.runtime import Runtime
from services.common.view import View
from services.common.web import make_app
from services.feedback.acknowledging import Acknowledging
from services.feedback.api.pauzes import pauzes
from services.feedback.api.signaalkwaliteit import signaalkwaliteit
from services.feedback.api.terugkoppelingen import terugkoppelingen
from services.feedback.api.vragen import vragen
from services.feedback.api.zaakpauzes import zaakpauzes
from services.feedback.api.zaken import zaken
from services.feedback.disclosures import Disclosures
from services.feedback.domain import Household, readable
from services.feedback.orders import Orders
from services.feedback.outcomes import Outcomes
from services.feedback.pause_reading import Pauses
from services.feedback.pause_terms import PauseTerms
from services.feedback.pauses import PAUSES, PAUSES_TOPICS, paused
from services.feedback.processors import DISCLOSURE, disclosure
from services.feedback.projections import (
    DISCLOSED,
    DISCLOSED_TOPICS,
    WORKLIST,
    WORKLIST_TOPICS,
    disclosed,
    worklist,
)
from services.feedback.quality import View as Seen
from services.feedback.questions import Questions
from services.feedback.storage import Attempts, Versions, Worklist
from services.feedback.tallies import QUALITY, TOPICS, Tallies, tally

DESCRIPTION = """De werklijst van gemeenten en wijkteams, en de terugkoppeling aan schuldeisers."""


def build(runtime: Runtime) -> Parts:
    """Return the parts of this service; nothing connects before they start."""
    engine, clock = make_engine(runtime.settings), runtime.clock
    publisher = Publisher(runtime)
    agreements: View[Agreement] = View("agreements.v1", runtime)
    parties: View[Party] = View("parties.v1", runtime)
    tallies = Tallies(engine, clock)
    api = make_app(runtime, "Signaalhub: werklijst en terugkoppeling", DESCRIPTION)
    outcomes = Outcomes(publisher, Attempts(engine), Versions(engine, "results", "case_id"), clock)
    cases = Worklist(engine)
    api.include_router(zaken(cases, outcomes, clock))
    api.include_router(vragen(Questions(engine, publisher, clock), cases))
    pauses = Pauses(engine, clock)
    term = timedelta(hours=runtime.settings.pause_acknowledge_hours)
    acknowledging = Acknowledging(PauseTerms(engine, clock), publisher, clock, runtime.metrics, term)
    orders = Orders(publisher, Versions(engine, "pause_orders", "case_id"), clock)
    api.include_router(zaakpauzes(cases, orders, pauses, clock))
    acts_for = represents(agreements, clock)
    api.include_router(pauzes(pauses, acknowledging, roles(parties), acts_for, clock))
    api.include_router(terugkoppelingen(Disclosures(engine), acts_for))
    api.include_router(signaalkwaliteit(tallies, members(parties), clock))
    services = (
        publisher,
        agreements,
        parties,
        tallies,
        acknowledging,
        Projection(WORKLIST, WORKLIST_TOPICS, worklist(runtime.settings.terms), runtime, engine),
        Projection(DISCLOSED, DISCLOSED_TOPICS, disclosed(clock), runtime, engine),
        Projection(PAUSES, PAUSES_TOPICS, paused(clock), runtime, engine),
        Projection(QUALITY, TOPICS, tally, runtime, engine),
        Processor(DISCLOSURE, disclosure, Household, partition_key, runtime),
    )
    return Parts(services, api)


def roles(parties: View[Party]) -> Callable[[str], Collection[Role]]:
    """Return the roles of a party; none of one that is not known."""

    def of(party_id: str) -> Collection[Role]:
        if parties.trouble:
            raise TransientError(parties.trouble)
        party = parties.get(party_id)
        return party.roles if party else ()

    return of


def represents(agreements: View[Agreement], clock: Clock) -> Callable[[str, str], Sequence[str]]:
    """Return for which municipalities a sender may read what is a creditor's, by the agreements of today."""

    def municipalities(sender: str, creditor: str) -> Sequence[str]:
        if agreements.trouble:
            raise TransientError(agreements.trouble)
        return readable(agreements.values(), sender, creditor, clock.now().astimezone(AMSTERDAM).date())

    return municipalities


def members(parties: View[Party]) -> Callable[[str], Mapping[Seen, Sequence[str]]]:
    """Return as whom a party may look at the quality of signals, and whose: its own, or its members'."""

    def views(party_id: str) -> Mapping[Seen, Sequence[str]]:
        if parties.trouble:
            raise TransientError(parties.trouble)
        party = parties.get(party_id)
        roles = party.roles if party else ()
        found: dict[Seen, Sequence[str]] = {}
        if Role.MUNICIPALITY in roles:
            found[Seen.MUNICIPALITY] = (party_id,)
        if Role.CREDITOR in roles:
            found[Seen.CREDITOR] = (party_id,)
        if below := [each.party_id for each in parties.values() if each.umbrella == party_id]:
            found[Seen.UMBRELLA] = below
        return found

    return views
