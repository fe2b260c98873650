"""From a draft that passed the gate to events: pseudonyms, evidence, sealed personal data."""

from dataclasses import dataclass, field

import msgspec

from services.common.events import (
    Area,
    Contact,
    Evidence,
    Party,
    Registration,
    Signal,
    SignalKind,
    SignalPerson,
)
from services.common.pseudonyms import Pseudonyms
from services.common.sealing import Sealer
from services.ingest.domain.content import (
    registration_content,
    registration_personal,
    signal_personal,
    signal_public,
)
from services.ingest.domain.debts import DebtMessage, debts_personal
from services.ingest.domain.directory import Place
from services.ingest.domain.drafts import Address, Person, RegistrationClaim, SignalDraft
from services.ingest.domain.evidence import traits, unit_form
from services.ingest.domain.gate import young


@dataclass(slots=True)
class Sealers:
    """The ephemeral keys of one delivery, one for each municipality in it."""

    _made: dict[str, Sealer] = field(default_factory=dict)

    def of(self, municipality: Party) -> Sealer:
        """Return the municipality's sealer; one without a key never gets here, it is not active."""
        key = municipality.public_key or ""
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Sealer(key)
        return found


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes events under the hub's pseudonym key."""

    pseudonyms: Pseudonyms

    def content_hash(self, draft: SignalDraft, personal: bytes) -> str:
        """Return the keyed hash of all that a signal says; `personal` is `personal_of` it."""
        return self.pseudonyms.content(msgspec.json.encode(signal_public(draft)) + personal)

    def registration_hash(self, claim: RegistrationClaim, municipality: str) -> str:
        return self.pseudonyms.content(msgspec.json.encode(registration_content(claim, municipality)))

    def debts_hash(self, message: DebtMessage) -> str:
        return self.pseudonyms.content(msgspec.json.encode([message.purpose, debts_personal(message)]))

    def household(self, address: Address) -> str:
        return self.pseudonyms.household(address.postcode, address.number)

    def unit(self, address: Address) -> str:
        return self.pseudonyms.unit(unit_form(address))

    def person(self, person: Person) -> str | None:
        return self.pseudonyms.person(person.bsn) if person.bsn else None

    def signal(
        self,
        draft: SignalDraft,
        *,
        signal_id: str,
        household: str,
        sender: str,
        municipality: Party,
        place: Place | None,
        sealed: bytes,
    ) -> Signal:
        """Return the event of a signal that passed the gate; `sealed` is its `personal_of`."""
        return Signal(
            signal_id=signal_id,
            household=household,
            municipality=municipality.party_id,
            creditor=draft.creditor,
            sender=sender,
            signal_date=draft.signal_date,
            unit=self.unit(draft.address),
            evidence=self._evidence(draft.person),
            partner_type=draft.partner_type,
            amount_cents=draft.amount_cents,
            arrears_since=draft.arrears_since,
            crisis=draft.kind is not SignalKind.EARLY,
            warm_transfer=draft.warm_transfer,
            young=young(draft.person, draft.signal_date),
            kind=draft.kind,
            threat=draft.threat,
            supply_ends_on=draft.supply_ends_on,
            address_doubt=draft.address_doubt,
            area=place.area if place else Area(pc4=draft.address.postcode[:4]),
            person=self.person(draft.person),
            personal=sealed,
        )

    def registration(
        self,
        claim: RegistrationClaim,
        *,
        registration_id: str,
        registrar: str,
        municipality: Party,
        data_key: bytes,
        sealers: Sealers | None = None,
    ) -> Registration:
        """Return the event of a registration without problems; all of a snapshot share `sealers`."""
        address, started_on = claim.address, claim.started_on
        if address is None or started_on is None or claim.organisation is None or claim.person.bsn is None:
            raise ValueError("only a registration without problems becomes an event")
        personal = msgspec.json.encode(registration_personal(claim))
        return Registration(
            registration_id=registration_id,
            registrar=registrar,
            municipality=municipality.party_id,
            person=self.pseudonyms.person(claim.person.bsn),
            household=self.household(address),
            unit=self.unit(address),
            evidence=self._evidence(claim.person),
            started_on=started_on,
            contact=Contact(
                organisation=claim.organisation, phone=claim.reach.phone, email=claim.reach.email
            ),
            personal=(sealers or Sealers()).of(municipality).seal(personal, data_key),
        )

    def _evidence(self, person: Person) -> tuple[Evidence, ...]:
        digest = self.pseudonyms.evidence
        return tuple(
            [
                Evidence(kind=kind, digest=digest(kind.value, form, slips))
                for kind, form, slips in traits(person)
            ]
        )


def personal_of(draft: SignalDraft) -> bytes:
    """Return what is sealed for the municipality."""
    return msgspec.json.encode(signal_personal(draft))


def signal_person(signal: Signal) -> SignalPerson | None:
    """Return the event that tells whose BSN is on a signal."""
    if signal.person is None:
        return None
    return SignalPerson(
        person=signal.person,
        signal_id=signal.signal_id,
        household=signal.household,
        municipality=signal.municipality,
        creditor=signal.creditor,
    )
