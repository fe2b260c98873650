"""Signals that say again what was said: "herhaalde melding" of DDAS (domain.md 4.2, 9.9).

The same creditor, dwelling and person, recently, and not higher. It is held against signals that passed, not
against other repeats: so a debt that is reported every month is looked at again when it is recent no longer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date

from services.matcher.domain.facts import CaseFacts, SignalFact
from services.matcher.domain.identity import is_sure, same_person, told_apart
from services.matcher.domain.lookalikes import Lookalikes

RECENT = ((date(2021, 1, 1), 183),)
"""Days by the date from which they hold, for a municipality that decided nothing. No source sets a number:
the nearest one published is the six months for which Divosa looks back at an address (D3, domain.md 3.1)."""
_NONE: AbstractSet[str] = frozenset()


def recent_days(on: date) -> int:
    """Return how many days of looking back hold on a day."""
    return next((days for since, days in reversed(RECENT) if since <= on), RECENT[0][1])


def repeats_of(place: Mapping[int, CaseFacts]) -> AbstractSet[str]:
    """Return the ids of the signals of a dwelling that are repeats."""
    signals = [signal for case in place.values() for signal in case.signals]
    if len(signals) == len({signal.creditor for signal in signals}):
        return _NONE
    by_creditor: dict[str, list[SignalFact]] = defaultdict(list)
    for signal in sorted(signals, key=lambda each: (each.signal_date, each.signal_id)):
        by_creditor[signal.creditor].append(signal)
    return {name for own in by_creditor.values() for name in _repeats(own)}


def _repeats(signals: Iterable[SignalFact]) -> Iterable[str]:
    passed = Lookalikes()
    for signal in signals:
        if any(_is_repeated(before, signal) for before in passed.of(signal)):
            yield signal.signal_id
        else:
            passed.add(signal)


def _is_repeated(before: SignalFact, signal: SignalFact) -> bool:
    recent = (signal.signal_date - before.signal_date).days <= signal.recent
    if not (signal.recent and recent and signal.amount_cents <= before.amount_cents):
        return False
    sure = is_sure(same_person(before.evidence, signal.evidence))
    return sure or not told_apart(before.evidence, signal.evidence)
