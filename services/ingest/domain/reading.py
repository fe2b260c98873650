"""From a raw JSON object (or a CSV row in that shape) to what it says. Total: no value makes it raise."""

from collections.abc import Mapping
from datetime import date

from services.common.events import SignalKind, Threat
from services.ingest.domain import formats
from services.ingest.domain.drafts import Address, Declared, Person, Reach, RegistrationClaim, SignalClaim
from services.ingest.domain.members import Members
from services.ingest.domain.reasons import Problem, Reason

Problems = tuple[Problem, ...]
_UNREADABLE = (Problem(Reason.UNREADABLE),)
_KIND = frozenset({"crisissignaal", "soort", "dreiging", "einddatumLevering"})
_DECLARED = frozenset(
    {
        "huidigeKlant",
        "bezwaar",
        "betalingsregeling",
        "incassofase",
        "evenredig",
        "achterstalligeTermijnen",
        "rechtspersoon",
    }
)
_USUAL = Declared("abcd")


def read_signal(raw: object, sender: str) -> tuple[SignalClaim | None, Problems]:
    """Read one signal and all that is wrong with its form; without `schuldeiser` it is the sender's own."""
    if not isinstance(raw, dict):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    person = members.nested("persoon")
    kind, threat, supply_ends_on = _kind(members)
    claim = SignalClaim(
        reference=members.required("kenmerk", formats.reference, Reason.REFERENCE_INVALID),
        creditor=_creditor(members, sender),
        municipality_code=members.required("gemeentecode", formats.municipality_code),
        partner_type=members.required("signaalpartner", formats.partner_type, Reason.PARTNER_TYPE_INVALID),
        amount_cents=members.required("bedragInCenten", formats.amount, Reason.AMOUNT_INVALID),
        arrears_since=members.required("ontstaansdatum", formats.day, Reason.DATE_INVALID),
        signal_date=members.required("signaaldatum", formats.day, Reason.DATE_INVALID),
        kind=kind,
        threat=threat,
        supply_ends_on=supply_ends_on,
        warm_transfer=members.optional("warmeOverdracht", formats.boolean) or False,
        address_doubt=members.optional("adresTwijfel", formats.boolean) or False,
        customer_number=members.optional("klantnummer", formats.reference),
        has_bsn=person.has("burgerservicenummer"),
        person=_person(person, person.optional("burgerservicenummer", formats.bsn, Reason.BSN_INVALID)),
        address=_address(members),
        reach=_reach(members.nested("contact")),
        declared=_declared(members),
    )
    members.close()
    return claim, tuple(problems)


def read_registration(raw: object) -> tuple[RegistrationClaim | None, Problems]:
    """Read one registration of debt help and all that is wrong with its form."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    on_behalf_of = members.optional("namens", formats.oin, Reason.OIN_INVALID)
    return _registration(members, on_behalf_of), tuple(problems)


def read_snapshot_row(raw: object) -> tuple[RegistrationClaim | None, Problems]:
    """Read a registration in a snapshot: it has its own `kenmerk` or none; the request says for whom."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    reference = members.optional("kenmerk", formats.reference, Reason.REFERENCE_INVALID)
    return _registration(members, None, reference), tuple(problems)


def _registration(
    members: Members, on_behalf_of: str | None, reference: str | None = None
) -> RegistrationClaim:
    bsn = members.required("burgerservicenummer", formats.bsn, Reason.BSN_INVALID)
    contact = members.nested("contact", required=True)
    claim = RegistrationClaim(
        on_behalf_of=on_behalf_of,
        person=_person(members.nested("persoon"), bsn),
        address=_address(members),
        started_on=members.required("begindatum", formats.day, Reason.DATE_INVALID),
        organisation=contact.required("organisatie", formats.text),
        reach=_reach(contact),
        reference=reference,
        phase=members.optional("fase", formats.phase),
        admitted_on=members.optional("besluitdatum", formats.day, Reason.DATE_INVALID),
    )
    members.close()
    return claim


def _creditor(members: Members, sender: str) -> str | None:
    named = members.optional("schuldeiser", formats.oin, Reason.OIN_INVALID)
    return named if members.has("schuldeiser") else sender


def _kind(members: Members) -> tuple[SignalKind, Threat | None, date | None]:
    """Read what is asked for; `crisissignaal` (DDAS) alone says it too, but may not say something else."""
    if not members.any_of(_KIND):
        return SignalKind.EARLY, None, None
    crisis = members.optional("crisissignaal", formats.boolean)
    kind = members.optional("soort", formats.signal_kind)
    if kind is None:
        kind = SignalKind.CRISIS if crisis else SignalKind.EARLY
    elif (
        crisis is not None
        and kind is not SignalKind.END_OF_SUPPLY
        and crisis is not (kind is SignalKind.CRISIS)
    ):
        members.note(Reason.FIELD_INVALID, "crisissignaal")
    threat = members.optional("dreiging", formats.threat)
    if kind is SignalKind.END_OF_SUPPLY:
        return kind, threat, members.required("einddatumLevering", formats.day, Reason.DATE_INVALID)
    if members.optional("einddatumLevering", formats.day, Reason.DATE_INVALID):
        members.note(Reason.FIELD_INVALID, "einddatumLevering")
    if threat and kind is SignalKind.EARLY:
        members.note(Reason.FIELD_INVALID, "dreiging")
    return kind, threat, None


def _declared(members: Members) -> Declared:
    efforts = members.optional("inspanningen", formats.efforts)
    if not members.any_of(_DECLARED):
        return _USUAL if efforts == _USUAL.efforts else Declared(efforts)
    return Declared(
        efforts,
        members.optional("huidigeKlant", formats.boolean),
        members.optional("bezwaar", formats.boolean),
        members.optional("betalingsregeling", formats.arrangement),
        members.optional("incassofase", formats.stage),
        members.optional("evenredig", formats.boolean),
        members.optional("achterstalligeTermijnen", formats.terms),
        members.optional("rechtspersoon", formats.boolean),
    )


def _person(members: Members, bsn: str | None) -> Person:
    person = Person(
        bsn=bsn,
        initials=members.optional("voorletters", formats.initials, Reason.NAME_INVALID),
        prefix=members.optional("voorvoegsel", formats.prefix, Reason.NAME_INVALID),
        surname=members.optional("geslachtsnaam", formats.name, Reason.NAME_INVALID),
        birth_date=members.optional("geboortedatum", formats.birth_date, Reason.BIRTH_DATE_INVALID),
    )
    members.close()
    return person


def _address(parent: Members) -> Address | None:
    members = parent.nested("adres", required=True)
    postcode = members.required("postcode", formats.postcode, Reason.POSTCODE_INVALID)
    number = members.required("huisnummer", formats.house_number, Reason.HOUSE_NUMBER_INVALID)
    letter = members.optional("huisletter", formats.house_letter, Reason.HOUSE_LETTER_INVALID)
    addition = members.optional("huisnummertoevoeging", formats.addition, Reason.ADDITION_INVALID)
    members.close()
    if postcode is None or number is None:
        return None
    return Address(postcode=postcode, number=number, letter=letter, addition=addition)


def _reach(members: Members) -> Reach:
    reach = Reach(
        phone=members.optional("telefoon", formats.phone, Reason.CONTACT_INVALID),
        email=members.optional("email", formats.email, Reason.CONTACT_INVALID),
    )
    members.close()
    return reach
