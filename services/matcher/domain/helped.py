"""For which signals help runs, since when and until when: a pause by known help (domain.md 2.4, 5.1).

That help ran is told to nobody afterwards, so it matters what was known while it ran: a lease that runs is
kept with the earliest moment that any registration gives it, and closed when none is left.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from services.matcher.domain.facts import CaseFacts, Household, LeaseFact, SignalFact
from services.matcher.domain.handover import in_order
from services.matcher.domain.statuses import helped_since, known_as


def with_leases(household: Household, now: datetime, days: Callable[[str], int]) -> Household:
    """Return the household with what help that starts or ends at `now` changes; `days`: by municipality."""
    if not (household.registrations or household.known or household.leases):
        return household
    running = {lease.signal_id: lease for lease in household.leases if _is_help(lease)}
    kept = [lease for lease in household.leases if not _is_help(lease)]
    for case, signal in _signals(household):
        before = running.get(signal.signal_id)
        after = _lease(household, case, signal, before, now, days)
        kept += [after] if after else []
    leases = in_order(kept)
    return household if leases == household.leases else household._replace(leases=leases)


def _lease(
    household: Household,
    case: CaseFacts,
    signal: SignalFact,
    before: LeaseFact | None,
    now: datetime,
    days: Callable[[str], int],
) -> LeaseFact | None:
    known, _ = known_as(household, signal)
    if known is None:
        return before._replace(ended_at=now) if before else None
    since = helped_since(household, signal) or now
    if before:
        return before._replace(since=min(before.since, since))
    return LeaseFact(signal.signal_id, since, days(case.municipality))


def _is_help(lease: LeaseFact) -> bool:
    """Tell whether help runs by a lease; persons say when the help of a check is over."""
    return lease.ended_at is None and lease.check is None


def _signals(household: Household) -> Iterator[tuple[CaseFacts, SignalFact]]:
    for case in household.cases:
        for signal in case.signals:
            yield case, signal
