"""From a raw JSON object (or a CSV row in that shape) to what it says. Total: no value makes it raise."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.common.events import SignalKind, Threat
from services.ingest.domain import formats
from services.ingest.domain.drafts import Address, Declared, Person, Reach, RegistrationClaim, SignalClaim
from services.ingest.domain.forms import Form, Member, is_absent, json_object
from services.ingest.domain.reasons import Problem, Reason

Problems = tuple[Problem, ...]
_UNREADABLE = (Problem(Reason.UNREADABLE),)
_SIGNAL = Form(
    Member("kenmerk", formats.reference, Reason.REFERENCE_INVALID, required=True),
    Member("schuldeiser", formats.oin, Reason.OIN_INVALID),
    Member("gemeentecode", formats.municipality_code, required=True),
    Member("signaalpartner", formats.partner_type, Reason.PARTNER_TYPE_INVALID, required=True),
    Member("bedragInCenten", formats.amount, Reason.AMOUNT_INVALID, required=True),
    Member("ontstaansdatum", formats.day, Reason.DATE_INVALID, required=True),
    Member("signaaldatum", formats.day, Reason.DATE_INVALID, required=True),
    Member("crisissignaal", formats.boolean),
    Member("soort", formats.signal_kind),
    Member("dreiging", formats.threat),
    Member("einddatumLevering", formats.day, Reason.DATE_INVALID),
    Member("warmeOverdracht", formats.boolean),
    Member("adresTwijfel", formats.boolean),
    Member("klantnummer", formats.reference),
    Member("inspanningen", formats.efforts),
    Member("huidigeKlant", formats.boolean),
    Member("bezwaar", formats.boolean),
    Member("betalingsregeling", formats.arrangement),
    Member("incassofase", formats.stage),
    Member("evenredig", formats.boolean),
    Member("achterstalligeTermijnen", formats.terms),
    Member("rechtspersoon", formats.boolean),
    Member("persoon", json_object),
    Member("adres", json_object, required=True),
    Member("contact", json_object),
)
_NAME = (
    Member("voorletters", formats.initials, Reason.NAME_INVALID),
    Member("voorvoegsel", formats.prefix, Reason.NAME_INVALID),
    Member("geslachtsnaam", formats.name, Reason.NAME_INVALID),
    Member("geboortedatum", formats.birth_date, Reason.BIRTH_DATE_INVALID),
)
_REACHED = (
    Member("telefoon", formats.phone, Reason.CONTACT_INVALID),
    Member("email", formats.email, Reason.CONTACT_INVALID),
)
_REGISTERED = (
    Member("burgerservicenummer", formats.bsn, Reason.BSN_INVALID, required=True),
    Member("begindatum", formats.day, Reason.DATE_INVALID, required=True),
    Member("fase", formats.phase),
    Member("besluitdatum", formats.day, Reason.DATE_INVALID),
    Member("persoon", json_object),
    Member("adres", json_object, required=True),
    Member("contact", json_object, required=True),
)
_PERSON = Form(Member("burgerservicenummer", formats.bsn, Reason.BSN_INVALID), *_NAME)
_NAMED = Form(*_NAME)
_ADDRESS = Form(
    Member("postcode", formats.postcode, Reason.POSTCODE_INVALID, required=True),
    Member("huisnummer", formats.house_number, Reason.HOUSE_NUMBER_INVALID, required=True),
    Member("huisletter", formats.house_letter, Reason.HOUSE_LETTER_INVALID),
    Member("huisnummertoevoeging", formats.addition, Reason.ADDITION_INVALID),
)
_REACH = Form(*_REACHED)
_HELPER = Form(Member("organisatie", formats.text, required=True), *_REACHED)
_REGISTRATION = Form(Member("namens", formats.oin, Reason.OIN_INVALID), *_REGISTERED)
_SNAPSHOT_ROW = Form(Member("kenmerk", formats.reference, Reason.REFERENCE_INVALID), *_REGISTERED)
_NOBODY, _NO_REACH = Person(), Reach()


def read_signal(raw: object, sender: str) -> tuple[SignalClaim | None, Problems]:
    """Read one signal and all that is wrong with its form; without `schuldeiser` it is the sender's own."""
    if not isinstance(raw, dict):
        return None, _UNREADABLE
    problems: list[Problem] = []
    found = _SIGNAL.read(raw, problems)
    value = found.get
    kind, threat, supply_ends_on = _kind(found, raw, problems)
    person, address, reach = value("persoon"), value("adres"), value("contact")
    named = _PERSON.read(person, problems, "persoon.") if person else {}
    claim = SignalClaim(
        reference=value("kenmerk"),
        creditor=value("schuldeiser") or (sender if is_absent(raw, "schuldeiser") else None),
        municipality_code=value("gemeentecode"),
        partner_type=value("signaalpartner"),
        amount_cents=value("bedragInCenten"),
        arrears_since=value("ontstaansdatum"),
        signal_date=value("signaaldatum"),
        kind=kind,
        threat=threat,
        supply_ends_on=supply_ends_on,
        warm_transfer=value("warmeOverdracht") or False,
        address_doubt=value("adresTwijfel") or False,
        customer_number=value("klantnummer"),
        has_bsn=not is_absent(person or {}, "burgerservicenummer"),
        person=_person(named, named.get("burgerservicenummer")) if named else _NOBODY,
        address=None if address is None else _address(_ADDRESS.read(address, problems, "adres.")),
        reach=_reach(_REACH.read(reach, problems, "contact.")) if reach else _NO_REACH,
        declared=_declared(value),
    )
    return claim, tuple(problems)


def read_registration(raw: object) -> tuple[RegistrationClaim | None, Problems]:
    """Read one registration of debt help and all that is wrong with its form."""
    return _registration(raw, _REGISTRATION)


def read_snapshot_row(raw: object) -> tuple[RegistrationClaim | None, Problems]:
    """Read a registration in a snapshot: it has its own `kenmerk` or none; the request says for whom."""
    return _registration(raw, _SNAPSHOT_ROW)


def _registration(raw: object, form: Form) -> tuple[RegistrationClaim | None, Problems]:
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    found = form.read(raw, problems)
    value = found.get
    person, address, contact = value("persoon"), value("adres"), value("contact")
    named = _NAMED.read(person, problems, "persoon.") if person else {}
    helper = {} if contact is None else _HELPER.read(contact, problems, "contact.")
    claim = RegistrationClaim(
        on_behalf_of=value("namens"),
        person=_person(named, value("burgerservicenummer")),
        address=None if address is None else _address(_ADDRESS.read(address, problems, "adres.")),
        started_on=value("begindatum"),
        organisation=helper.get("organisatie"),
        reach=_reach(helper),
        reference=value("kenmerk"),
        phase=value("fase"),
        admitted_on=value("besluitdatum"),
    )
    return claim, tuple(problems)


def _kind(
    found: Mapping[str, Any], raw: Mapping[str, object], problems: list[Problem]
) -> tuple[SignalKind, Threat | None, date | None]:
    """Tell what is asked for; `crisissignaal` (DDAS) alone says it too, but may not say something else."""
    crisis, kind = found.get("crisissignaal"), found.get("soort")
    threat, ends_on = found.get("dreiging"), found.get("einddatumLevering")
    if kind is None:
        kind = SignalKind.CRISIS if crisis else SignalKind.EARLY
    elif (
        crisis is not None
        and kind is not SignalKind.END_OF_SUPPLY
        and crisis is not (kind is SignalKind.CRISIS)
    ):
        problems.append(Problem(Reason.FIELD_INVALID, "crisissignaal"))
    if kind is SignalKind.END_OF_SUPPLY:
        if is_absent(raw, "einddatumLevering"):
            problems.append(Problem(Reason.FIELD_MISSING, "einddatumLevering"))
        return kind, threat, ends_on
    if ends_on:
        problems.append(Problem(Reason.FIELD_INVALID, "einddatumLevering"))
    if threat and kind is SignalKind.EARLY:
        problems.append(Problem(Reason.FIELD_INVALID, "dreiging"))
    return kind, threat, None


def _declared(value: Callable[[str], Any]) -> Declared:
    return Declared(
        value("inspanningen"),
        value("huidigeKlant"),
        value("bezwaar"),
        value("betalingsregeling"),
        value("incassofase"),
        value("evenredig"),
        value("achterstalligeTermijnen"),
        value("rechtspersoon"),
    )


def _person(found: Mapping[str, Any], bsn: str | None) -> Person:
    value = found.get
    return Person(
        bsn, value("voorletters"), value("voorvoegsel"), value("geslachtsnaam"), value("geboortedatum")
    )


def _address(found: Mapping[str, Any]) -> Address | None:
    postcode, number = found.get("postcode"), found.get("huisnummer")
    if postcode is None or number is None:
        return None
    return Address(postcode, number, found.get("huisletter"), found.get("huisnummertoevoeging"))


def _reach(found: Mapping[str, Any]) -> Reach:
    return Reach(found.get("telefoon"), found.get("email"))
