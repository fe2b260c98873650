"""Amounts, steps and terms that law or covenant set per kind of creditor: dated, because they change.

Sources are those of domain.md chapter 12. A row holds from its date until the next one; before the first
there is none. Days in arrears: windows.py.
"""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from services.common.events import PartnerType, Threat
from services.ingest.domain.drafts import Stage

T = TypeVar("T")
Rows = tuple[tuple[date, T], ...]

COVENANT = date(2021, 1, 1)
"""Entry into force of the Bgs and the covenant (L1, C1)."""
CAK = date(2024, 3, 19)
"""The CAK's own contribution becomes a signal (Stcrt 2024, 10148: L17)."""
TAX = date(2025, 5, 15)
"""Belastingdienst and Dienst Toeslagen may signal (Stcrt 2025, 17636: L18)."""
END_OF_SUPPLY = date(2023, 4, 1)
"""The end-of-supply signal becomes a duty of energy suppliers (Stcrt 2023, 10020: L10)."""
ENERGY_ACT = date(2026, 1, 1)
"""Energieregeling (Stcrt 2025, 37730: L11)."""

EFFORTS: Mapping[PartnerType, Rows[str]] = dict.fromkeys(PartnerType, ((COVENANT, "abcd"),)) | {
    PartnerType.ENERGY: (
        (COVENANT, "bcd"),
        (ENERGY_ACT, "abcd"),  # L11, N5: personal contact before the first signal is a duty from then on
    )
}
"""Efforts a to d of Bgs art. 2; the temporary regulation art. 1.2 (L5) and drinking water (L12) ask the same.

Of health insurers no text was found (domain.md 11): the gate asks of all what it asks of a landlord (9.7).
"""

BSN_PARTNERS = frozenset({PartnerType.HEALTH, PartnerType.CAK_HEALTH, PartnerType.CAK_CONTRIBUTION})
"""Only these have an express ground for the BSN (L15, L16, domain.md 1.5)."""

LEAST_CENTS: Mapping[PartnerType, Rows[int]] = {
    PartnerType.CAK_CONTRIBUTION: ((CAK, 100_00),),  # L17
    PartnerType.TAX_OFFICE: ((TAX, 600_00),),  # L18: of each tax, and a signal is about one
}

DECLARED_STAGE: Mapping[PartnerType, Rows[Stage]] = {
    PartnerType.CAK_CONTRIBUTION: ((CAK, Stage.AMICABLE_DONE),),  # L17: after the friendly bailiff phase
    PartnerType.TAX_OFFICE: ((TAX, Stage.NOTICE),),  # L18: after the aanmaning
    PartnerType.BENEFITS_OFFICE: ((TAX, Stage.NOTICE),),  # L18: as above
}
"""How far collection must be said to have come; of others SOCIAL_DONE, when they say it (N3)."""

END_OF_SUPPLY_WORKDAYS: Mapping[PartnerType, Rows[int]] = {PartnerType.ENERGY: ((END_OF_SUPPLY, 20),)}
"""Working days that an end-of-supply signal is ahead of it (L10, D3); who is not here has no such signal."""

THREATS_OF: Mapping[Threat, frozenset[PartnerType]] = {
    Threat.EVICTION: frozenset({PartnerType.RENT, PartnerType.MORTGAGE, PartnerType.OTHER}),
    Threat.SHUT_OFF: frozenset({PartnerType.ENERGY, PartnerType.WATER, PartnerType.OTHER}),
    Threat.INSURANCE_END: frozenset({PartnerType.HEALTH, PartnerType.CAK_HEALTH, PartnerType.OTHER}),
}
"""Who can bring about what: the situations of Wgs art. 4 (L20)."""


def in_force(rows: Rows[T], on: date) -> T | None:
    """Return what holds on a day, None before the first row."""
    found = None
    for since, value in rows:
        if since <= on:
            found = value
    return found
