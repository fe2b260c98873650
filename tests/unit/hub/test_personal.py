"""The search for personal data finds it however it is written; a search that finds nothing proves nothing."""

import base64
import gzip
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec
import pytest
import xlsxwriter

from tests.real.hub.leaks import search
from tests.real.hub.personal import Finder, Kind
from tests.real.hub.written import cell, unpacked

VALUES = {
    Kind.BSN: "999990019",
    Kind.NAME: "Ägypten-Jansen",
    Kind.BIRTH_DATE: "1980-02-29",
    Kind.POSTCODE: "1234 XY",
    Kind.PHONE: "0612345678",
    Kind.EMAIL: "bewoner@example.org",
    Kind.CUSTOMER: "KLANT-4711",
}
Dress = Callable[[str], bytes]


def in_base64(before: int) -> Dress:
    return lambda text: base64.b64encode(b"x" * before + f" {text} ".encode())


def header_of_jwe(text: str) -> bytes:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "x", "kid": text}).encode())
    return header.rstrip(b"=") + b".a.b.c.d"


DRESSES: Mapping[str, Dress] = {
    "text": str.encode,
    "upper case": lambda text: text.upper().encode(),
    "JSON escapes": lambda text: json.dumps({"x": text}).encode(),
    "URL": lambda text: quote(text).encode(),
    "URL twice": lambda text: quote(quote(text)).encode(),
    "Windows-1252": lambda text: f"é {text}".encode("cp1252"),
    "Python's bytes": lambda text: repr(text.encode()).encode(),
    "Python's bytes in JSON": lambda text: json.dumps(repr(text.encode())).encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, the other end first, shifted": lambda text: b"x" + text.encode("utf-16-be"),
    "base64": in_base64(0),
    "base64 after one": in_base64(1),
    "base64 after two": in_base64(2),
    "base64 for URLs behind a length": lambda text: b"H" + base64.urlsafe_b64encode(f"~{text}?".encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "hex behind a digit": lambda text: b"a" + text.encode().hex().upper().encode(),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "zlib in hex": lambda text: zlib.compress(text.encode()).hex().encode(),
    "header of a JWE": header_of_jwe,
}


def finder() -> Finder:
    return Finder.of([{kind.value: value for kind, value in VALUES.items()}])


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_a_value_is_found_in_any_dress(kind: Kind, dress: Dress) -> None:
    found = finder()
    assert {hit.kind for hit in found.look("here", dress(VALUES[kind]))} == {kind}
    assert {hit.place for hit in found.hits} == {"here"}


def zipped(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sheet.xml", f"<v>{text}</v>")
    return file.getvalue()


def spreadsheet(text: str) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet().write(0, 0, text)
    return file.getvalue()


PACKINGS: Mapping[str, Dress] = {
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "zip": zipped,
    "spreadsheet": spreadsheet,
    "cut off, so as it is": lambda text: b"PK\x03\x04" + text.encode(),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS)
def test_a_value_is_found_in_what_is_packed_beside_other_things(kind: Kind, pack: Dress) -> None:
    found = finder()
    search(found, [("file x", b"something"), ("file x", pack(VALUES[kind]))])
    assert {(hit.place, hit.kind) for hit in found.hits} == {("file x", kind)}


@pytest.mark.parametrize("kind", Kind)
def test_a_value_is_found_in_msgpack_as_text_and_as_a_number(kind: Kind) -> None:
    for value in (VALUES[kind], int(VALUES[kind]) if VALUES[kind].isdecimal() else {VALUES[kind]: 1}):
        content = unpacked(msgspec.msgpack.encode([None, {"x": value}]))
        assert {hit.kind for hit in finder().look("here", content)} == {kind}


def test_a_bsn_that_begins_with_a_zero_is_found_as_a_number_too() -> None:
    found = Finder.of([{Kind.BSN.value: "012345672"}])
    assert found.look("here", cell(12345672))


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.POSTCODE, "1234XY"),
        (Kind.POSTCODE, "1234xy"),
        (Kind.POSTCODE, "household:1234XY12"),
        (Kind.PHONE, "+31612345678"),
        (Kind.BIRTH_DATE, "29-02-1980"),
        (Kind.BIRTH_DATE, "19800229"),
        (Kind.NAME, "AGYPTEN"),
        (Kind.NAME, "van jansen."),
        (Kind.BSN, '{"bsn":999990019}'),
        (Kind.BSN, "/v1/x/999990019?y"),
    ],
)
def test_other_ways_to_write_a_value_are_found(kind: Kind, written: str) -> None:
    assert {hit.kind for hit in finder().look("here", written.encode())} == {kind}


def test_random_bytes_and_what_is_sealed_say_nothing() -> None:
    sealed = b"eyJhbGciOiJFQ0RILUVTIn0." + b".".join(
        base64.urlsafe_b64encode(os.urandom(200)) for _ in range(4)
    )
    for noise in (
        os.urandom(20_000),
        os.urandom(20_000).hex().encode(),
        base64.b64encode(os.urandom(20_000)),
        sealed,
    ):
        assert finder().look("here", noise) == set()


def test_a_short_name_in_the_keys_of_a_header_is_there_by_chance_and_beside_them_is_not() -> None:
    finder = Finder.of([{Kind.NAME.value: "Bos"}])
    by_chance = "wXMKT3-gLQOgtGC_Z9F3cqTZDbZOV6rfvapvnT5_BOs"  # the y of a real ephemeral key
    assert not finder.look("topic x, value", header_of_jwe(by_chance))
    assert finder.look("topic x, value", header_of_jwe("van den Bos"))


def test_a_short_name_in_a_column_of_random_bytes_is_there_by_chance_and_in_one_of_text_is_not() -> None:
    finder = Finder.of([{Kind.NAME.value: "Bos"}])
    assert not finder.look("table x, wrapped_key", cell(b"\xff\x9c BOs \xfe"))
    assert finder.look("table x, remark", cell(b"van den Bos"))
    assert finder.look("table x, remark", cell("van den Bos"))


def test_what_may_stand_in_a_place_is_found_there_and_is_no_leak() -> None:
    found = finder()
    assert found.look("areas", b"1234XY", allowed=frozenset({Kind.POSTCODE})) == set()
    assert (len(found.meant), found.hits) == (1, set())


def test_the_contact_of_an_organisation_is_not_a_residents() -> None:
    body = {"contact": {"organisatie": "Schuldhulp", "email": "hulp@example.org"}}
    assert Finder.of([body]).forms == {}
