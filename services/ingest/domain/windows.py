"""How many days a claim must, and may, be in arrears when it is signalled: dated, because that changes.

Sources are those of domain.md chapter 12. A row holds from its date until the next of the same partner type.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.common.events import PartnerType

OPEN_ENDED = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days in arrears on the signal's date, both ends included; `longest` None = no maximum."""

    since: date
    shortest: int
    longest: int | None = OPEN_ENDED
    months: int = 0
    """When the shortest is set in whole months."""

    def reached(self, since: date, on: date) -> bool:
        """Tell whether arrears since a day are old enough on another."""
        if self.months:
            whole = (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)
            return whole >= self.months
        return (on - since).days >= self.shortest


_COVENANT = date(2021, 1, 1)
"""Entry into force of the Bgs and the covenant (L1, C1)."""
_CHANGE = date(2022, 12, 1)
"""Change of the covenant on thresholds (N1)."""
_FROM_30 = (Window(_COVENANT, 30),)

WINDOWS: dict[PartnerType, tuple[Window, ...]] = {
    PartnerType.RENT: _FROM_30,  # N1, C3: from 30 days, open-ended, unchanged in 2022
    PartnerType.ENERGY: (
        Window(_COVENANT, 50, 100),  # N1: before the change
        Window(_CHANGE, 30),  # N1: from 30 days, no maximum
    ),
    PartnerType.WATER: (
        Window(_COVENANT, 30, 100),  # N1: before the change
        Window(_CHANGE, 30),  # N1: from 30 days, no maximum
    ),
    PartnerType.HEALTH: (Window(_COVENANT, 30, 100),),  # N1: 30 to 100 days, unchanged in 2022
    PartnerType.CAK_HEALTH: (Window(_COVENANT, 0, months=6),),  # D-DDAS, L16: six months and longer
    PartnerType.CAK_CONTRIBUTION: (Window(_COVENANT, 0, months=5),),  # L17: oldest claim five months or older
    PartnerType.TAX_OFFICE: _FROM_30,  # L18 sets a stage (after the aanmaning), no days: the general 30
    PartnerType.BENEFITS_OFFICE: _FROM_30,  # L18, as above
    PartnerType.STUDENT_FINANCE: _FROM_30,  # no days found (domain.md 11): the covenant's general 30
    PartnerType.MORTGAGE: _FROM_30,  # L5 art. 2.2 names no days
    PartnerType.OTHER: _FROM_30,  # C1: general at signing
}


@lru_cache(maxsize=1024)  # a few kinds of creditor, and the days of a month
def window_on(partner_type: PartnerType, on: date) -> Window:
    """Return the window that holds on a day; before the first row, the first."""
    rows = WINDOWS[partner_type]
    return next((row for row in reversed(rows) if row.since <= on), rows[0])
