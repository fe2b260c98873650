"""Why something is not accepted: a closed list of codes, each with its sentence for the sender."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The code in problems (HTTP) and in refusal events."""

    UNREADABLE = "UNREADABLE"
    FIELD_MISSING = "FIELD_MISSING"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    FIELD_INVALID = "FIELD_INVALID"
    REFERENCE_INVALID = "REFERENCE_INVALID"
    REFERENCE_MISMATCH = "REFERENCE_MISMATCH"
    REFERENCE_CONFLICT = "REFERENCE_CONFLICT"
    OIN_INVALID = "OIN_INVALID"
    BSN_INVALID = "BSN_INVALID"
    BSN_NOT_ALLOWED = "BSN_NOT_ALLOWED"
    POSTCODE_INVALID = "POSTCODE_INVALID"
    HOUSE_NUMBER_INVALID = "HOUSE_NUMBER_INVALID"
    HOUSE_LETTER_INVALID = "HOUSE_LETTER_INVALID"
    ADDITION_INVALID = "ADDITION_INVALID"
    NAME_INVALID = "NAME_INVALID"
    CONTACT_INVALID = "CONTACT_INVALID"
    DATE_INVALID = "DATE_INVALID"
    BIRTH_DATE_INVALID = "BIRTH_DATE_INVALID"
    AMOUNT_INVALID = "AMOUNT_INVALID"
    MUNICIPALITY_UNKNOWN = "MUNICIPALITY_UNKNOWN"
    MUNICIPALITY_INACTIVE = "MUNICIPALITY_INACTIVE"
    CREDITOR_UNKNOWN = "CREDITOR_UNKNOWN"
    NO_AGREEMENT = "NO_AGREEMENT"
    KIND_NOT_AGREED = "KIND_NOT_AGREED"
    NOT_REPRESENTED = "NOT_REPRESENTED"
    PARTNER_TYPE_INVALID = "PARTNER_TYPE_INVALID"
    PARTNER_TYPE_MISMATCH = "PARTNER_TYPE_MISMATCH"
    SIGNAL_DATE_IN_FUTURE = "SIGNAL_DATE_IN_FUTURE"
    SIGNAL_DATE_TOO_OLD = "SIGNAL_DATE_TOO_OLD"
    ARREARS_TOO_SHORT = "ARREARS_TOO_SHORT"
    ARREARS_TOO_LONG = "ARREARS_TOO_LONG"
    KIND_NOT_POSSIBLE = "KIND_NOT_POSSIBLE"
    END_OF_SUPPLY_TOO_SOON = "END_OF_SUPPLY_TOO_SOON"
    AMOUNT_BELOW_MINIMUM = "AMOUNT_BELOW_MINIMUM"
    AMOUNT_BELOW_THRESHOLD = "AMOUNT_BELOW_THRESHOLD"
    EFFORTS_NOT_DECLARED = "EFFORTS_NOT_DECLARED"
    NOT_A_CUSTOMER = "NOT_A_CUSTOMER"
    COLLECTION_TOO_EARLY = "COLLECTION_TOO_EARLY"
    CUSTOMER_OBJECTED = "CUSTOMER_OBJECTED"
    ARRANGEMENT_RUNNING = "ARRANGEMENT_RUNNING"
    NOT_PROPORTIONATE = "NOT_PROPORTIONATE"
    LEGAL_PERSON = "LEGAL_PERSON"
    ADDRESS_OUTSIDE_MUNICIPALITY = "ADDRESS_OUTSIDE_MUNICIPALITY"
    STEP_NOT_POSSIBLE = "STEP_NOT_POSSIBLE"
    REGISTERED_TWICE = "REGISTERED_TWICE"
    SNAPSHOT_EMPTY = "SNAPSHOT_EMPTY"
    SNAPSHOT_SHRUNK = "SNAPSHOT_SHRUNK"
    SNAPSHOT_UNCLEAR = "SNAPSHOT_UNCLEAR"
    SNAPSHOT_OLDER = "SNAPSHOT_OLDER"


SENTENCES: dict[Reason, str] = {
    Reason.UNREADABLE: "Dit is niet te lezen: stuur één object in JSON, of een regel volgens de kop.",
    Reason.FIELD_MISSING: "Dit veld is verplicht.",
    Reason.FIELD_UNKNOWN: "Dit veld bestaat niet.",
    Reason.FIELD_INVALID: "De waarde van dit veld heeft niet de juiste vorm.",
    Reason.REFERENCE_INVALID: "Een kenmerk heeft 1 tot 64 afdrukbare tekens, zonder spatie eromheen.",
    Reason.REFERENCE_MISMATCH: "Het kenmerk en de schuldeiser zijn die van het signaal dat u corrigeert.",
    Reason.REFERENCE_CONFLICT: "Onder dit kenmerk is al een signaal met een andere inhoud geaccepteerd.",
    Reason.OIN_INVALID: "Een OIN heeft 20 cijfers.",
    Reason.BSN_INVALID: "Een burgerservicenummer heeft 9 cijfers die aan de elfproef voldoen.",
    Reason.BSN_NOT_ALLOWED: "Alleen een zorgverzekeraar en het CAK mogen een burgerservicenummer meesturen.",
    Reason.POSTCODE_INVALID: "Een postcode heeft de vorm 1234AB.",
    Reason.HOUSE_NUMBER_INVALID: "Een huisnummer is een geheel getal van 1 tot en met 99999.",
    Reason.HOUSE_LETTER_INVALID: "Een huisletter is één letter.",
    Reason.ADDITION_INVALID: "Een huisnummertoevoeging heeft 1 tot 4 letters, cijfers, spaties of streepjes.",
    Reason.NAME_INVALID: "Een naam heeft letters, cijfers, spaties, punten, streepjes en apostrofs.",
    Reason.CONTACT_INVALID: "Dit is geen geldig telefoonnummer of e-mailadres.",
    Reason.DATE_INVALID: "Een datum heeft de vorm JJJJ-MM-DD, bestaat, en ligt op een mogelijk moment.",
    Reason.BIRTH_DATE_INVALID: "Een geboortedatum is JJJJ, JJJJ-MM of JJJJ-MM-DD, niet in de toekomst.",
    Reason.AMOUNT_INVALID: "Een bedrag is een geheel aantal eurocenten van 0 tot en met 9999999999.",
    Reason.MUNICIPALITY_UNKNOWN: "Deze gemeente is niet aangesloten.",
    Reason.MUNICIPALITY_INACTIVE: "Deze gemeente ontvangt nog geen signalen.",
    Reason.CREDITOR_UNKNOWN: "Deze schuldeiser is niet aangesloten.",
    Reason.NO_AGREEMENT: "Op de signaaldatum geldt tussen deze schuldeiser en gemeente geen overeenkomst.",
    Reason.KIND_NOT_AGREED: "De overeenkomst van deze schuldeiser en gemeente gaat niet over deze soort.",
    Reason.NOT_REPRESENTED: "Geen geldende overeenkomst staat toe dat u voor deze partij handelt.",
    Reason.PARTNER_TYPE_INVALID: "Dit is geen signaalpartner van DDAS v1.2.",
    Reason.PARTNER_TYPE_MISMATCH: "Deze schuldeiser staat als een andere signaalpartner geregistreerd.",
    Reason.SIGNAL_DATE_IN_FUTURE: "De signaaldatum ligt in de toekomst.",
    Reason.SIGNAL_DATE_TOO_OLD: "De signaaldatum is meer dan 31 dagen geleden.",
    Reason.ARREARS_TOO_SHORT: "De achterstand bestaat korter dan voor deze signaalpartner is afgesproken.",
    Reason.ARREARS_TOO_LONG: "De achterstand bestaat langer dan voor deze signaalpartner is afgesproken.",
    Reason.KIND_NOT_POSSIBLE: "Deze soort of dreiging past niet bij deze signaalpartner.",
    Reason.END_OF_SUPPLY_TOO_SOON: "De levering eindigt te snel: een gemeente krijgt 20 werkdagen.",
    Reason.AMOUNT_BELOW_MINIMUM: "Het bedrag is lager dan de regeling voor deze signaalpartner eist.",
    Reason.AMOUNT_BELOW_THRESHOLD: "Het bedrag ligt onder het drempelbedrag van deze gemeente.",
    Reason.EFFORTS_NOT_DECLARED: "U verklaart niet alle inspanningen (a tot en met d) die de wet eist.",
    Reason.NOT_A_CUSTOMER: "Voor een schuld van wie geen klant meer is, is er geen grondslag.",
    Reason.COLLECTION_TOO_EARLY: "De incasso is nog niet zo ver als voor een signaal nodig is.",
    Reason.CUSTOMER_OBJECTED: "De klant maakte bezwaar: er is geen grondslag om gegevens te delen.",
    Reason.ARRANGEMENT_RUNNING: "Er loopt een betalingsregeling of uitstel dat de klant nakomt.",
    Reason.NOT_PROPORTIONATE: "Volgens uw eigen toets is dit signaal niet evenredig.",
    Reason.LEGAL_PERSON: "Een signaal gaat over een natuurlijk persoon, niet over een rechtspersoon.",
    Reason.ADDRESS_OUTSIDE_MUNICIPALITY: "Dit adres ligt in een andere gemeente.",
    Reason.STEP_NOT_POSSIBLE: "Deze stap past niet bij waar de overeenkomst nu staat.",
    Reason.REGISTERED_TWICE: "Dit kenmerk, of zonder kenmerk deze persoon, staat er ook met iets anders in.",
    Reason.SNAPSHOT_EMPTY: "Er is niemand over: geen enkele persoon, of niemand die de gemeente deelt.",
    Reason.SNAPSHOT_SHRUNK: "Er zou voor een groter deel hulp eindigen dan is afgesproken.",
    Reason.SNAPSHOT_UNCLEAR: "Van rijen is niet te lezen over wie zij gaan, terwijl er hulp zou eindigen.",
    Reason.SNAPSHOT_OLDER: "Er is al een momentopname die later is dan deze.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `field` is the JSON path, empty for the whole message."""

    reason: Reason
    field: str = ""
    said: str = ""
    """A sentence of its own, where what the code says of all its causes helps nobody."""

    @property
    def sentence(self) -> str:
        return self.said or SENTENCES[self.reason]
