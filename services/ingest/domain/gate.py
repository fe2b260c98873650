"""The gate: what a well-formed signal must meet before it may be processed. Time and views are arguments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.common.events import Agreement, AgreementKind, Area, PartnerType, Party, Role
from services.ingest.domain.drafts import Person, SignalClaim
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.windows import window_on

OLDEST_SIGNAL_DAYS = 31
BSN_PARTNERS = frozenset({PartnerType.HEALTH, PartnerType.CAK_HEALTH, PartnerType.CAK_CONTRIBUTION})
"""Only these have an express ground for the BSN (L15, L16, domain.md 1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an address lies by the CBS table; `municipality_code` has 4 digits."""

    municipality_code: str
    area: Area


@dataclass(frozen=True, slots=True)
class Directory:
    """Parties and agreements, in the order in which the gate asks for them."""

    parties: Mapping[str, Party] = field(default_factory=dict)
    municipalities: Mapping[str, Party] = field(default_factory=dict)
    """By gemeentecode."""
    signals: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """SIGNALS agreements by municipality and creditor."""
    senders: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """SIGNALS agreements by creditor and (other) sender."""
    representations: Mapping[tuple[str, str], tuple[Agreement, ...]] = field(default_factory=dict)
    """REPRESENTATION agreements by who is represented and who acts."""


def directory_of(parties: Iterable[Party], agreements: Iterable[Agreement]) -> Directory:
    """Arrange the master data for the gate."""
    known, granted = list(parties), list(agreements)
    signals = [each for each in granted if each.kind is AgreementKind.SIGNALS]
    others = [each for each in granted if each.kind is AgreementKind.REPRESENTATION]
    return Directory(
        parties={each.party_id: each for each in known},
        municipalities={each.municipality_code: each for each in known if each.municipality_code},
        signals=_grouped(((each.grantor, each.grantee), each) for each in signals),
        senders=_grouped(((each.grantee, each.sender), each) for each in signals if each.sender),
        representations=_grouped(((each.grantor, each.grantee), each) for each in others),
    )


def holds(agreement: Agreement, on: date) -> bool:
    """Tell whether an agreement is in force on a day."""
    return agreement.valid_from <= on and (agreement.valid_until is None or on <= agreement.valid_until)


def judge(
    claim: SignalClaim, *, sender: str, directory: Directory, place: Place | None, today: date
) -> tuple[Problem, ...]:
    """Return every ground for refusal, as far as each can be judged by what could be read."""
    return (
        *_parties(claim, directory),
        *_agreement(claim, sender, directory, today),
        *_person(claim, today),
        *_dates(claim, today),
        *_place(claim, place),
    )


def may_act_for(creditor: str, sender: str, directory: Directory, on: date) -> bool:
    """Tell whether a sender may send signals of a creditor to any municipality."""
    return creditor == sender or any(
        holds(each, on) for each in directory.senders.get((creditor, sender), ())
    )


def represents(principal: str, actor: str, directory: Directory, on: date) -> bool:
    """Tell whether a party may act for another in what is no signal."""
    pair = directory.representations.get((principal, actor), ())
    return principal == actor or any(holds(each, on) for each in pair)


def young(person: Person, on: date) -> bool:
    """Tell whether somebody is under 27 on a day for certain; a part that is unknown counts as the first."""
    if not person.birth_date:
        return False
    year, month, day = (int(part) for part in f"{person.birth_date}-01-01".split("-")[:3])
    return (on.year - 27, on.month, on.day) < (year, month, day)


def _grouped(
    found: Iterable[tuple[tuple[str, str], Agreement]],
) -> dict[tuple[str, str], tuple[Agreement, ...]]:
    groups: dict[tuple[str, str], list[Agreement]] = {}
    for pair, agreement in found:
        groups.setdefault(pair, []).append(agreement)
    return {pair: tuple(group) for pair, group in groups.items()}


def _parties(claim: SignalClaim, directory: Directory) -> Iterator[Problem]:
    if claim.municipality_code is not None:
        municipality = directory.municipalities.get(claim.municipality_code)
        if municipality is None:
            yield Problem(Reason.MUNICIPALITY_UNKNOWN, "gemeentecode")
        elif not municipality.active:
            yield Problem(Reason.MUNICIPALITY_INACTIVE, "gemeentecode")
    if claim.creditor is not None:
        creditor = directory.parties.get(claim.creditor)
        if creditor is None or Role.CREDITOR not in creditor.roles:
            yield Problem(Reason.CREDITOR_UNKNOWN, "schuldeiser")
        elif claim.partner_type is not None and claim.partner_type is not creditor.partner_type:
            yield Problem(Reason.PARTNER_TYPE_MISMATCH, "signaalpartner")


def _agreement(claim: SignalClaim, sender: str, directory: Directory, today: date) -> Iterator[Problem]:
    creditor = claim.creditor
    if creditor is None:
        return
    municipality = directory.municipalities.get(claim.municipality_code or "")
    if municipality is None or claim.signal_date is None:
        if not may_act_for(creditor, sender, directory, today):
            yield Problem(Reason.NOT_REPRESENTED, "schuldeiser")
        return
    pair = directory.signals.get((municipality.party_id, creditor), ())
    active = [each for each in pair if holds(each, claim.signal_date)]
    if not active:
        yield Problem(Reason.NO_AGREEMENT, "schuldeiser")
    if creditor != sender and not any(each.sender == sender for each in active):
        yield Problem(Reason.NOT_REPRESENTED, "schuldeiser")


def _person(claim: SignalClaim, today: date) -> Iterator[Problem]:
    if claim.has_bsn and claim.partner_type is not None and claim.partner_type not in BSN_PARTNERS:
        yield Problem(Reason.BSN_NOT_ALLOWED, "persoon.burgerservicenummer")
    if (claim.person.birth_date or "") > today.isoformat():
        yield Problem(Reason.BIRTH_DATE_INVALID, "persoon.geboortedatum")


def _dates(claim: SignalClaim, today: date) -> Iterator[Problem]:
    on = claim.signal_date
    if on is None:
        return
    if on > today:
        yield Problem(Reason.SIGNAL_DATE_IN_FUTURE, "signaaldatum")
    if (today - on).days > OLDEST_SIGNAL_DAYS:
        yield Problem(Reason.SIGNAL_DATE_TOO_OLD, "signaaldatum")
    if claim.arrears_since is None or claim.partner_type is None:
        return
    window, days = window_on(claim.partner_type, on), (on - claim.arrears_since).days
    if days < window.shortest:
        yield Problem(Reason.ARREARS_TOO_SHORT, "ontstaansdatum")
    if window.longest is not None and days > window.longest:
        yield Problem(Reason.ARREARS_TOO_LONG, "ontstaansdatum")


def _place(claim: SignalClaim, place: Place | None) -> Iterator[Problem]:
    if place is None or claim.municipality_code is None:
        return  # an address that the table does not know passes: new streets are in it a year later
    if place.municipality_code != claim.municipality_code:
        yield Problem(Reason.ADDRESS_OUTSIDE_MUNICIPALITY, "adres.postcode")
