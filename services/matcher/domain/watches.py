"""Whom to tell what of somebody's debt help after a check: it starts, has others to call, ends (domain.md 5).

Told is what differs from what an asker heard last, in its answer or after it. So it makes no difference which
came first, the check or the registration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.common.events import BailiffMatch, Check, Contact, HelpChange
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change
from services.matcher.domain.statuses import in_order

UNDER_WAY = timedelta(days=28)
"""How long a registration may still come that was recorded while an answer held: it passes another processor
first, which may be behind, or it was put aside and is replayed (dead-letter topics keep 28 days)."""

IN_FLIGHT = timedelta(seconds=10)
"""What an answer rested on may come here after it, over another topic. When an answer and what is here do not
agree, nothing is told for so long: a timer waits for all that was on the topics when it fell due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpFact:
    """A running registration; `at` is when it was first known to run."""

    registration_id: str
    contact: Contact
    at: datetime
    municipality: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What an asker is to hear after its check.

    `told`: the last that it heard is that there is help, with these `contacts`. Help that was recorded until
    `valid_until` is told, and others to call until then; that help ended is told whenever it does, to who
    heard of it. `quiet_until`: when the answer did not agree with what was here. `withdrawn`: nothing is told
    any more, and nothing else is kept. `client`: a partner of the covenant for whom the asker acts, and
    `matched` once its collection rests for what is told.
    """

    check_id: str
    asker: str
    dossier: str
    valid_until: datetime
    told: bool = False
    contacts: tuple[Contact, ...] = ()
    tellings: int = 0
    quiet_until: datetime | None = None
    withdrawn: bool = False
    client: str = ""
    matched: bool = False

    @property
    def kept_until(self) -> datetime:
        """When nothing that was recorded in time can come any more."""
        return self.valid_until + UNDER_WAY

    @property
    def due_at(self) -> datetime | None:
        """When its timer is to go off; who heard of help waits for its end, without one."""
        if self.quiet_until:
            return self.quiet_until
        return None if self.told else self.kept_until


Watches = tuple[Watch, ...]
Helps = Sequence[HelpFact]


def checked(watches: Watches, helps: Helps, check: Check, now: datetime) -> Watches:
    """Return the watches with a check; the very same when nothing more is to be told of it than there is.

    An office that asks again about a dossier and hears "known" is told once of the end: by its last check.
    """
    told = [
        each for each in watches if each.told and (each.asker, each.dossier) == (check.asker, check.dossier)
    ]
    if any(each.check_id == check.check_id for each in watches):
        return watches
    if any(each.valid_until >= check.valid_until for each in told):
        return watches
    watch = Watch(
        check_id=check.check_id,
        asker=check.asker,
        dossier=check.dossier,
        valid_until=check.valid_until,
        told=check.known,
        contacts=check.contacts,
        quiet_until=now + IN_FLIGHT if _in_doubt(helps, check, now) else None,
        client=check.on_behalf_of or "" if check.client_is_partner else "",
    )
    return _sorted(*(each for each in watches if not (check.known and each in told)), watch)


def withdrawn(watches: Watches, check_id: str, now: datetime) -> Watches:
    """Return the watches after a withdrawal; a mark is left of it, because its check may come again."""
    before = next((each for each in watches if each.check_id == check_id), None)
    if before and before.withdrawn:
        return watches
    valid_until = before.valid_until if before else now
    mark = Watch(check_id=check_id, asker="", dossier="", valid_until=valid_until, withdrawn=True)
    return _sorted(*(each for each in watches if each is not before), mark)


def settle(
    person: str, watch: Watch, helps: Helps, now: datetime, changes: list[Change], *, woken: bool
) -> Watch | None:
    """Add what is to be told now, and return what is left of the watch (None = nothing).

    Only the timer ends the quiet, and the watch: a later fact may have overtaken what is waited for.
    """
    if watch.quiet_until:
        if not woken or now < watch.quiet_until:
            return watch
        watch = replace(watch, quiet_until=None)
    change = None if watch.withdrawn else _change(watch, helps, now)
    if change:
        contacts = contacts_of(helps)
        told = change is not HelpChange.ENDED
        watch = replace(watch, told=told, contacts=contacts, tellings=watch.tellings + 1)
        changes.append(_telling(person, watch, change))
    return None if woken and not watch.told and watch.kept_until <= now else watch


def newly_matched(watch: Watch, helps: Helps) -> bool:
    """Tell whether the client of a watch is to pause: its asker knows of help, and it does not pause yet."""
    known = watch.told and watch.quiet_until is None and bool(helps)
    return bool(watch.client) and known and not watch.matched


def contacts_of(helps: Helps) -> tuple[Contact, ...]:
    """Return whom to call, sorted, each once."""
    return in_order(each.contact for each in helps)


def _in_doubt(helps: Helps, check: Check, now: datetime) -> bool:
    """Tell whether what the answer rested on may be under way yet.

    Not known, though there is help since long: its end must be. Help since a moment: the answer missed it.
    """
    if check.known:
        return contacts_of(helps) != check.contacts
    return bool(helps) and all(each.at <= now - IN_FLIGHT for each in helps)


def _change(watch: Watch, helps: Helps, now: datetime) -> HelpChange | None:
    if not helps:
        return HelpChange.ENDED if watch.told else None
    if watch.told:
        others = contacts_of(helps) != watch.contacts and now <= watch.valid_until
        return HelpChange.CHANGED if others else None
    in_time = any(each.at <= watch.valid_until for each in helps)
    return HelpChange.STARTED if in_time else None


def _telling(person: str, watch: Watch, change: HelpChange) -> Change:
    """The match has one id, each telling of it another, which also says what is told."""
    match_id = derived_id("bailiff-match", watch.check_id)
    event = BailiffMatch(
        match_id=match_id,
        person=person,
        asker=watch.asker,
        check_id=watch.check_id,
        dossier=watch.dossier,
        contacts=watch.contacts,
        change=change,
    )
    names = (each.organisation for each in watch.contacts)
    told_id = derived_id("bailiff-match-told", match_id, str(watch.tellings), change, *names)
    return Change(event, change.lower(), told_id)


def _sorted(*watches: Watch) -> Watches:
    return tuple(sorted(watches, key=lambda each: each.check_id))
