"""What a message may look like: a table per field, and the properties of reading."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import SignalKind
from services.ingest.domain import formats
from services.ingest.domain.content import signal_personal, signal_public
from services.ingest.domain.reading import read_registration, read_signal
from services.ingest.domain.reasons import SENTENCES, Reason
from tests.unit.ingest.messages import LANDLORD, message

WRONG: list[tuple[str, Any, str]] = [
    ("kenmerk", None, "FIELD_MISSING"),
    ("kenmerk", "", "FIELD_MISSING"),
    ("kenmerk", "x" * 65, "REFERENCE_INVALID"),
    ("kenmerk", " x", "REFERENCE_INVALID"),
    ("kenmerk", "a\nb", "REFERENCE_INVALID"),
    ("kenmerk", "a\0b", "REFERENCE_INVALID"),
    ("kenmerk", 5, "REFERENCE_INVALID"),
    ("schuldeiser", "12345678", "OIN_INVALID"),
    ("gemeentecode", "363", "FIELD_INVALID"),
    ("gemeentecode", 363, "FIELD_INVALID"),
    ("signaalpartner", "huur", "PARTNER_TYPE_INVALID"),
    ("signaalpartner", ["Huur"], "PARTNER_TYPE_INVALID"),
    ("bedragInCenten", -1, "AMOUNT_INVALID"),
    ("bedragInCenten", 1.0, "AMOUNT_INVALID"),
    ("bedragInCenten", True, "AMOUNT_INVALID"),
    ("bedragInCenten", "100", "AMOUNT_INVALID"),
    ("bedragInCenten", formats.MAX_CENTS + 1, "AMOUNT_INVALID"),
    ("ontstaansdatum", "2026-02-30", "DATE_INVALID"),
    ("ontstaansdatum", "20260101", "DATE_INVALID"),
    ("ontstaansdatum", "01-01-2026", "DATE_INVALID"),
    ("signaaldatum", "2026-1-1", "DATE_INVALID"),
    ("signaaldatum", 20260101, "DATE_INVALID"),
    ("crisissignaal", "true", "FIELD_INVALID"),
    ("warmeOverdracht", 1, "FIELD_INVALID"),
    ("adresTwijfel", "ja", "FIELD_INVALID"),
    ("inspanningen", "abcd", "FIELD_INVALID"),
    ("inspanningen", ["e"], "FIELD_INVALID"),
    ("inspanningen", [["a"]], "FIELD_INVALID"),
    ("inspanningen", ["ab"], "FIELD_INVALID"),
    ("huidigeKlant", "ja", "FIELD_INVALID"),
    ("bezwaar", 0, "FIELD_INVALID"),
    ("betalingsregeling", "Loopt", "FIELD_INVALID"),
    ("incassofase", "dagvaarding", "FIELD_INVALID"),
    ("evenredig", 1, "FIELD_INVALID"),
    ("achterstalligeTermijnen", -1, "FIELD_INVALID"),
    ("achterstalligeTermijnen", 2.0, "FIELD_INVALID"),
    ("achterstalligeTermijnen", True, "FIELD_INVALID"),
    ("rechtspersoon", "nee", "FIELD_INVALID"),
    ("soort", "spoed", "FIELD_INVALID"),
    ("soort", ["crisis"], "FIELD_INVALID"),
    ("dreiging", "faillissement", "FIELD_INVALID"),
    ("dreiging", "ontruiming", "FIELD_INVALID"),  # of a signal that is no crisis
    ("einddatumLevering", "2026-02-30", "DATE_INVALID"),
    ("einddatumLevering", "2026-05-01", "FIELD_INVALID"),  # of a signal that is no end of supply
    ("klantnummer", "x" * 65, "FIELD_INVALID"),
    ("persoon", "Jansen", "FIELD_INVALID"),
    ("persoon__burgerservicenummer", "123456789", "BSN_INVALID"),
    ("persoon__burgerservicenummer", "000000000", "BSN_INVALID"),
    ("persoon__burgerservicenummer", 111222333, "BSN_INVALID"),
    ("persoon__geslachtsnaam", "x" * 201, "NAME_INVALID"),
    ("persoon__geslachtsnaam", "<b>", "NAME_INVALID"),
    ("persoon__voorletters", "J2", "NAME_INVALID"),
    ("persoon__voorvoegsel", "van der lange", "NAME_INVALID"),
    ("persoon__geboortedatum", "1980-13", "BIRTH_DATE_INVALID"),
    ("persoon__geboortedatum", "1980-00-12", "BIRTH_DATE_INVALID"),
    ("persoon__geboortedatum", "0000", "BIRTH_DATE_INVALID"),
    ("persoon__geboortedatum", "80-01-01", "BIRTH_DATE_INVALID"),
    ("adres", None, "FIELD_MISSING"),
    ("adres", [], "FIELD_INVALID"),
    ("adres__postcode", "0234AB", "POSTCODE_INVALID"),
    ("adres__postcode", "1234 A", "POSTCODE_INVALID"),
    ("adres__huisnummer", 0, "HOUSE_NUMBER_INVALID"),
    ("adres__huisnummer", 100_000, "HOUSE_NUMBER_INVALID"),
    ("adres__huisnummer", "12a", "HOUSE_NUMBER_INVALID"),
    ("adres__huisletter", "ab", "HOUSE_LETTER_INVALID"),
    ("adres__huisnummertoevoeging", "12345", "ADDITION_INVALID"),
    ("adres__huisnummertoevoeging", "é", "ADDITION_INVALID"),
    ("contact__telefoon", "bel maar", "CONTACT_INVALID"),
    ("contact__email", "x@y", "CONTACT_INVALID"),
    ("contact__email", "a b@c.nl", "CONTACT_INVALID"),
    ("contact__fax", "1", "FIELD_UNKNOWN"),
    ("naam", "x", "FIELD_UNKNOWN"),
]

RIGHT: list[tuple[str, Any, str, Any]] = [
    ("kenmerk", "é-1 / 2", "kenmerk", "é-1 / 2"),
    ("bedragInCenten", 0, "bedragInCenten", 0),
    ("adres__postcode", "1234 ab", "adres", {"postcode": "1234AB", "huisnummer": 12}),
    ("adres__huisnummer", "12", "adres", {"postcode": "1234AB", "huisnummer": 12}),
    ("adres__huisletter", "b", "adres", {"postcode": "1234AB", "huisnummer": 12, "huisletter": "B"}),
    ("persoon", None, "persoon", None),
    ("contact", {}, "contact", None),
    ("persoon", {"geboortedatum": "1980"}, "persoon", {"geboortedatum": "1980"}),
    ("persoon", {"geboortedatum": "1980-00-00"}, "persoon", {"geboortedatum": "1980"}),
    ("persoon", {"geboortedatum": "1980-05-00"}, "persoon", {"geboortedatum": "1980-05"}),
    ("persoon", {"burgerservicenummer": "12345672"}, "persoon", {"burgerservicenummer": "012345672"}),
    ("persoon", {"geslachtsnaam": "Ágoston-d'Été"}, "persoon", {"geslachtsnaam": "Ágoston-d'Été"}),
    ("contact", {"email": "a.b+c@x.example"}, "contact", {"email": "a.b+c@x.example"}),
]


@pytest.mark.parametrize(("path", "value", "code"), WRONG)
def test_what_is_wrong_is_said_with_its_field(path: str, value: Any, code: str) -> None:
    _, problems = read_signal(message(**{path: value}), LANDLORD)
    assert [(each.reason.value, each.field) for each in problems] == [(code, path.replace("__", "."))]


def test_a_member_whose_name_is_no_name_is_refused_without_repeating_it() -> None:
    _, problems = read_signal(message(**{"Ägypten-Jansen": 1}), LANDLORD)
    assert [(each.reason.value, each.field) for each in problems] == [("FIELD_UNKNOWN", "?")]


@pytest.mark.parametrize(("path", "value", "name", "expected"), RIGHT)
def test_what_is_right_comes_in_normal_form(path: str, value: Any, name: str, expected: Any) -> None:
    claim, problems = read_signal(message(**{path: value}), LANDLORD)
    assert (claim is not None, problems) == (True, ())
    assert claim is not None
    content = signal_public(claim.draft()) | signal_personal(claim.draft())
    assert content.get(name) == expected


def test_all_errors_come_at_once() -> None:
    changes = {path: value for path, value, _ in WRONG if path not in ("persoon", "adres")}
    _, problems = read_signal(message(**changes), LANDLORD)
    assert {each.field for each in problems} == {path.replace("__", ".") for path in changes}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, SignalKind.EARLY),
        ({"crisissignaal": None}, SignalKind.EARLY),
        ({"soort": "vroegsignaal"}, SignalKind.EARLY),
        ({"crisissignaal": True}, SignalKind.CRISIS),
        ({"crisissignaal": True, "soort": "crisis", "dreiging": "ontruiming"}, SignalKind.CRISIS),
        ({"crisissignaal": None, "soort": "crisis"}, SignalKind.CRISIS),
        ({"soort": "eindelevering", "einddatumLevering": "2026-05-01"}, SignalKind.END_OF_SUPPLY),
        (
            {"soort": "eindelevering", "einddatumLevering": "2026-05-01", "crisissignaal": True},
            SignalKind.END_OF_SUPPLY,
        ),
    ],
)
def test_the_kind_is_said_by_itself_or_by_the_crisis_flag_alone(
    changes: dict[str, Any], kind: SignalKind
) -> None:
    claim, problems = read_signal(message(**changes), LANDLORD)
    assert (claim and claim.kind, problems) == (kind, ())


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"soort": "crisis"}, "crisissignaal", "FIELD_INVALID"),
        ({"soort": "vroegsignaal", "crisissignaal": True}, "crisissignaal", "FIELD_INVALID"),
        ({"soort": "eindelevering"}, "einddatumLevering", "FIELD_MISSING"),
    ],
)
def test_a_kind_that_is_contradicted_or_half_said_is_refused(
    changes: dict[str, Any], field: str, code: str
) -> None:
    _, problems = read_signal(message(**changes), LANDLORD)
    assert [(each.reason.value, each.field) for each in problems] == [(code, field)]


def test_what_is_new_in_a_message_does_not_change_the_content_of_one_without_it() -> None:
    """A sender may send a signal of before again: the hub must see that it is the same."""
    plain, _ = read_signal(message(), LANDLORD)
    said, _ = read_signal(message(soort="vroegsignaal", adresTwijfel=False), LANDLORD)
    doubt, _ = read_signal(message(adresTwijfel=True), LANDLORD)
    assert plain
    assert said
    assert doubt
    assert signal_public(plain.draft()) == signal_public(said.draft()) != signal_public(doubt.draft())


def test_without_a_creditor_it_is_the_sender() -> None:
    for absent in ({}, {"schuldeiser": None}, {"schuldeiser": ""}):
        claim, problems = read_signal(message(**absent), LANDLORD)
        assert (claim and claim.creditor, problems) == (LANDLORD, ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from([path for path, _, _ in WRONG])


@given(JSON)
def test_any_json_value_is_read_or_refused(value: object) -> None:
    for read in (lambda raw: read_signal(raw, LANDLORD), read_registration):
        claim, problems = read(value)
        assert claim is not None or problems


@given(st.dictionaries(MEMBERS.filter(lambda path: "__" not in path), JSON, max_size=6))
def test_any_value_of_any_member_is_read_or_refused(changes: dict[str, Any]) -> None:
    claim, problems = read_signal(message(**changes), LANDLORD)
    assert claim is not None
    assert problems or claim.draft()


@given(st.text(max_size=70), st.text(max_size=12), st.text(max_size=30), st.text(max_size=6))
def test_normal_forms_stay_what_they_are(reference: str, birth: str, name: str, addition: str) -> None:
    for form, value in (
        (formats.reference, reference),
        (formats.birth_date, birth),
        (formats.name, name),
        (formats.addition, addition),
        (formats.text, name),
        (formats.postcode, addition),
    ):
        found = form(value)
        assert found is None or form(found) == found


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
