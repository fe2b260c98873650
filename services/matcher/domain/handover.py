"""Pauses by bailiffs' checks as the household of the client's own signal knows them (domain.md 2.4).

Persons know of checks, by BSN; households know of signals. Where a signal with the BSN says that both are of
one creditor and one person, the check comes here, and there is one pause for all that is known. What the
client was told as a pause of the check alone goes on here, under its id.
"""

from collections.abc import Iterable
from datetime import datetime

from services.common.events import CheckPause, KnownPerson, PauseGround
from services.matcher.domain.facts import Handed, Household, LeaseFact, PauseTold


def with_checks(household: Household, known: KnownPerson, at: datetime) -> Household:
    """Return the household with the checks of a signal as they are by now; what is missing is over."""
    mine = {name: each for each in household.leases if (name := _open(each, known.signal_id))}
    if not (known.checks or mine):
        return household
    leases = [each for each in household.leases if not _open(each, known.signal_id)]
    leases += [_lease(known.signal_id, check, mine.pop(check.check_id, None)) for check in known.checks]
    leases += [_ended(lease, at) for lease in mine.values()]
    found = in_order(leases)
    return household if found == household.leases else household._replace(leases=found)


def taken_over(household: Household) -> Household:
    """Return the household with the pauses of checks that go on as pauses of signals, once these are here."""
    if not any(lease.handed for lease in household.leases):
        return household
    found = {told.pause_id: told for told in household.pauses}
    places = {
        signal.signal_id: (case.municipality, signal.creditor)
        for case in household.cases
        for signal in case.signals
    }
    for lease in household.leases:
        if lease.handed and lease.signal_id in places:
            found.setdefault(lease.handed.pause_id, _told(lease, lease.handed, *places[lease.signal_id]))
    leases = (each._replace(handed=None) if each.signal_id in places else each for each in household.leases)
    pauses = tuple(found[name] for name in sorted(found))
    return household._replace(leases=tuple(leases), pauses=pauses)


def in_order(leases: Iterable[LeaseFact]) -> tuple[LeaseFact, ...]:
    """Return leases sorted, so that the same ones make the same state."""
    return tuple(sorted(leases, key=_order))


def _open(lease: LeaseFact, signal_id: str) -> str:
    """Return the id of the check of a signal's lease that has not ended; empty when it is another lease."""
    mine = lease.signal_id == signal_id and lease.ended_at is None
    return lease.check[0] if mine and lease.check else ""


def _lease(signal_id: str, check: CheckPause, before: LeaseFact | None) -> LeaseFact:
    handed = before.handed if before else None
    if check.pause_id:
        handed = Handed(check.pause_id, check.sequence, check.ends_at)
    about = (check.check_id, check.dossier)
    return LeaseFact(signal_id, check.starts_at, 0, until=check.ends_at, check=about, handed=handed)


def _ended(lease: LeaseFact, at: datetime) -> LeaseFact:
    """One whose term was over before is not told of any more either: it ends when it ended."""
    return lease._replace(ended_at=at) if lease.until and at < lease.until else lease


def _told(lease: LeaseFact, handed: Handed, municipality: str, creditor: str) -> PauseTold:
    return PauseTold(
        pause_id=handed.pause_id,
        creditor=creditor,
        starts_at=lease.since,
        ends_at=handed.ends_at,
        reason=None,
        tellings=handed.tellings,
        signal_ids=(lease.signal_id,),
        ground=PauseGround.CHECK,
        municipality=municipality,
    )


def _order(lease: LeaseFact) -> tuple[str, datetime, bool, int, tuple[str, str]]:
    return lease.signal_id, lease.since, lease.ended_at is None, lease.days, lease.check or ("", "")
