"""The legal gate as one table: every ground on which a well-formed signal may not be processed.

Sources are those of domain.md chapter 12. A rule holds for signals with a date from `since` up to and with
`until`. Parties, agreements and dates are asked in facts.py; numbers stand in limits.py and windows.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from services.ingest.domain import conduct, facts
from services.ingest.domain.directory import Facts, Fails
from services.ingest.domain.drafts import Common, SignalClaim
from services.ingest.domain.limits import CAK, COVENANT, END_OF_SUPPLY
from services.ingest.domain.reasons import Problem, Reason

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """A ground for refusal: its code and sentence (`problem`), the text it rests on, and when it holds."""

    reason: Reason
    path: str
    """Of the member that is wrong."""
    fails: Callable[[S, Facts], bool]
    source: str
    since: date = COVENANT
    until: date | None = None
    problem: Problem = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "problem", Problem(self.reason, self.path))

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


class Shared(Rule[Common]):
    """Looks only at what many signals have in common: it is asked once for all of them."""

    __slots__ = ()


class Own(Rule[SignalClaim]):
    """Looks at the signal itself."""

    __slots__ = ()


_HUB = "afspraak van de hub"
RULES: tuple[Shared | Own, ...] = (
    Shared(Reason.MUNICIPALITY_UNKNOWN, "gemeentecode", facts.municipality_unknown, _HUB),
    Shared(Reason.MUNICIPALITY_INACTIVE, "gemeentecode", facts.municipality_inactive, _HUB),
    Shared(Reason.CREDITOR_UNKNOWN, "schuldeiser", facts.creditor_unknown, _HUB),
    Shared(Reason.PARTNER_TYPE_MISMATCH, "signaalpartner", facts.other_partner_type, _HUB),
    Shared(Reason.NO_AGREEMENT, "schuldeiser", facts.no_agreement, "LCV, modelovereenkomst (C2, V1)"),
    Shared(Reason.KIND_NOT_AGREED, "soort", facts.kind_not_agreed, "LCV, modelovereenkomst (C2)"),
    Shared(Reason.NOT_REPRESENTED, "schuldeiser", facts.not_represented, "LCV, modelovereenkomst (N8b)"),
    Shared(
        Reason.BSN_NOT_ALLOWED,
        "persoon.burgerservicenummer",
        conduct.bsn_not_allowed,
        "Regeling zorgverzekering art. 7b.1 (L15, L16)",
    ),
    Own(Reason.BIRTH_DATE_INVALID, "persoon.geboortedatum", facts.born_in_future, _HUB),
    Shared(Reason.LEGAL_PERSON, "rechtspersoon", conduct.legal_person, "DDAS v1.2 EnumSignaalstatus"),
    Own(
        Reason.LEGAL_PERSON,
        "persoon.geslachtsnaam",
        conduct.legal_person_by_name,
        "DDAS v1.2 EnumSignaalstatus",
    ),
    Shared(Reason.SIGNAL_DATE_IN_FUTURE, "signaaldatum", facts.in_future, _HUB),
    Shared(Reason.SIGNAL_DATE_TOO_OLD, "signaaldatum", facts.too_old, _HUB),
    Own(Reason.ARREARS_TOO_SHORT, "ontstaansdatum", conduct.too_short, "LCV (N1, C1), DDAS v1.2, L17"),
    Own(Reason.ARREARS_TOO_LONG, "ontstaansdatum", conduct.too_long, "LCV (N1)"),
    Shared(
        Reason.KIND_NOT_POSSIBLE,
        "soort",
        conduct.end_of_supply_of_another,
        "Regeling afsluitbeleid per 1-4-2023 (L10)",
    ),
    Shared(Reason.KIND_NOT_POSSIBLE, "dreiging", conduct.threat_of_another, "Wgs art. 4 (L20)"),
    Shared(
        Reason.END_OF_SUPPLY_TOO_SOON,
        "einddatumLevering",
        conduct.end_of_supply_too_soon,
        "Regeling afsluitbeleid per 1-4-2023 (L10, D3)",
        since=END_OF_SUPPLY,
    ),
    Own(
        Reason.AMOUNT_BELOW_MINIMUM,
        "bedragInCenten",
        conduct.below_minimum,
        "Tijdelijke regeling art. 2.4, 2.5 (L17, L18)",
        since=CAK,
    ),
    Own(
        Reason.AMOUNT_BELOW_THRESHOLD,
        "bedragInCenten",
        facts.below_threshold,
        "beleid van de gemeente (D6, D9), DDAS v1.2",
    ),
    Shared(
        Reason.EFFORTS_NOT_DECLARED,
        "inspanningen",
        conduct.efforts_missing,
        "Bgs art. 2, Tijdelijke regeling art. 1.2, Regeling afsluitbeleid drinkwater (L1, L5, L11, L12)",
    ),
    Shared(Reason.NOT_A_CUSTOMER, "huidigeKlant", conduct.not_a_customer, "NVVK mei 2022, punt 1 (N3)"),
    Shared(
        Reason.COLLECTION_TOO_EARLY,
        "incassofase",
        conduct.too_early,
        "NVVK mei 2022, punt 2 (N3), Tijdelijke regeling art. 2.4, 2.5 (L17, L18)",
    ),
    Shared(
        Reason.CUSTOMER_OBJECTED,
        "bezwaar",
        conduct.objected,
        "Bgs art. 2 onder d (L1), drinkwater art. 5 (L12), NVVK mei 2022, punt 3 (N3)",
    ),
    Shared(
        Reason.ARRANGEMENT_RUNNING,
        "betalingsregeling",
        conduct.arrangement_running,
        "NVVK mei 2022, punt 4 (N3), Tijdelijke regeling art. 2.5 (L18)",
    ),
    Shared(
        Reason.NOT_PROPORTIONATE,
        "evenredig",
        conduct.not_proportionate,
        "NVVK mei 2022, punt 5 (N3), AP-handreiking (S4, N6)",
    ),
    Shared(
        Reason.ADDRESS_OUTSIDE_MUNICIPALITY, "adres.postcode", facts.outside_municipality, "CBS, adressen"
    ),
)
"""In the order in which a sender reads them."""


def rules_left(common: Common, known: Facts, on: date) -> tuple[tuple[Fails, Problem], ...]:
    """Return the rules of a day that signals with this in common may break."""
    return tuple(_left(common, known, on))


def _left(common: Common, known: Facts, on: date) -> Iterator[tuple[Fails, Problem]]:
    for rule in RULES:
        if not rule.holds(on):
            continue
        if isinstance(rule, Own):
            yield rule.fails, rule.problem
        elif rule.fails(common, known):
            yield _always, rule.problem


def _always(claim: SignalClaim, known: Facts) -> bool:
    return True
