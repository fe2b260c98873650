"""A signal or registration as the hub hashes and seals it: JSON of the interface, in normal form.

Absent members are left out, so that a member that is added later does not change what came before.
"""

from services.common.events import SignalKind
from services.ingest.domain.drafts import (
    Address,
    Arrangement,
    Declared,
    Person,
    Reach,
    RegistrationClaim,
    SignalDraft,
)

Json = dict[str, object]


def signal_public(draft: SignalDraft) -> Json:
    """Return what a signal says besides `signal_personal`: the same for JSON and CSV, and whoever sent it."""
    content: Json = {
        "schuldeiser": draft.creditor,
        "gemeentecode": draft.municipality_code,
        "signaalpartner": draft.partner_type.value,
        "bedragInCenten": draft.amount_cents,
        "ontstaansdatum": draft.arrears_since.isoformat(),
        "signaaldatum": draft.signal_date.isoformat(),
        "crisissignaal": draft.kind is not SignalKind.EARLY,
        "warmeOverdracht": draft.warm_transfer,
    }
    if draft.kind is not SignalKind.EARLY or draft.address_doubt:
        content |= _urgency(draft)
    return content


def signal_personal(draft: SignalDraft) -> Json:
    """Return what only the municipality may read."""
    return _there(
        kenmerk=draft.reference,
        klantnummer=draft.customer_number,
        persoon=_person(draft.person),
        adres=_address(draft.address),
        contact=_reach(draft.reach),
        verklaring=_declared(draft.declared),
    )


def _urgency(draft: SignalDraft) -> Json:
    """Return what most signals do not have."""
    return _there(
        dreiging=draft.threat,
        einddatumLevering=draft.supply_ends_on.isoformat() if draft.supply_ends_on else None,
        adresTwijfel=draft.address_doubt,
    )


def registration_content(claim: RegistrationClaim, municipality: str) -> Json:
    """Return all that a registration says."""
    return registration_personal(claim) | _there(
        namens=municipality,
        begindatum=claim.started_on.isoformat() if claim.started_on else None,
        organisatie=claim.organisation,
        bereikbaar=_reach(claim.reach),
    )


def registration_personal(claim: RegistrationClaim) -> Json:
    """Return what only the municipality may read; the contact is the helper's and travels openly."""
    return _there(persoon=_person(claim.person), adres=_address(claim.address) if claim.address else None)


def _declared(declared: Declared) -> Json:
    """Return what may differ between signals that pass: what the gate demands of all says nothing."""
    return _there(
        betalingsregeling=Arrangement.BROKEN.value if declared.arrangement is Arrangement.BROKEN else None,
        incassofase=declared.stage.value if declared.stage else None,
        achterstalligeTermijnen=declared.terms_due,
    )


def _person(person: Person) -> Json:
    return _there(
        burgerservicenummer=person.bsn,
        voorletters=person.initials,
        voorvoegsel=person.prefix,
        geslachtsnaam=person.surname,
        geboortedatum=person.birth_date,
    )


def _address(address: Address) -> Json:
    return _there(
        postcode=address.postcode,
        huisnummer=address.number,
        huisletter=address.letter,
        huisnummertoevoeging=address.addition,
    )


def _reach(reach: Reach) -> Json:
    return _there(telefoon=reach.phone, email=reach.email)


def _there(**members: object) -> Json:
    return {name: value for name, value in members.items() if value}  # no value of ours is 0 or empty
