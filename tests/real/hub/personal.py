"""What of the residents was sent in, and a finder of it in any bytes: as it stands or dressed up.

Dresses: other case, without marks, Windows-1252, escapes of JSON and Python, percent encoding (also twice),
UTF-16, base64 at any alignment, hex, gzip, zlib, zip (a spreadsheet). The encrypted field (a compact JWE) is
taken out first; its header, which all can read, is looked at, but for what is as random in it as a key:
between two dashes a short name turns up there by chance.
"""

import base64
import gzip
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from urllib.parse import unquote_plus

NOISE = 6
"""Characters: a shorter value turns up by chance in what base64, hex or UTF-16 make of random bytes."""
_PREFIXES = frozenset({"van", "den", "der", "ten", "ter", "het"})
_JWE = re.compile(rb"(eyJ[\w-]{10,})\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+")
_COORDINATE = re.compile(rb'"[\w-]{43}"')
"""32 bytes in base64url: of the ephemeral key, or a digest of the receiver's."""
_TOKEN = re.compile(r"[^\W_](?:[\w@.+-]*[^\W_])?")
_WORD = re.compile(r"[^\W_]+")
_POSTCODE = re.compile(r"(?<!\d)(?:\d{4} ?[A-Z]{2}|\d{4} [A-Za-z]{2})(?![A-Za-z])")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(rb"[0-9a-fA-F]{12,}")
_WIDE = re.compile(rb"(?:[\x20-\x7e]\x00){3}")
_MARKS = re.compile("[\u0300-\u036f]+")
_ESCAPED_BYTES = re.compile(r"(?:\\\\?x[0-9a-fA-F]{2})+")
GZIP = b"\x1f\x8b\x08"
ZIP = b"PK\x03\x04"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
PACKED = (GZIP, ZIP, *ZLIB)


class Kind(StrEnum):
    """Which of a resident's data it is; the value is the JSON member."""

    BSN = "burgerservicenummer"
    NAME = "geslachtsnaam"
    BIRTH_DATE = "geboortedatum"
    POSTCODE = "postcode"
    PHONE = "telefoon"
    EMAIL = "email"
    CUSTOMER = "klantnummer"


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Personal data where none may be; the value itself is not repeated."""

    place: str
    kind: Kind
    dress: str


def sent_in(content: object) -> Iterator[tuple[Kind, str]]:
    """Yield what a JSON body says of a resident; the contact of an organisation is not a resident's."""
    if isinstance(content, list | tuple):
        for each in content:
            yield from sent_in(each)
    if not isinstance(content, dict) or "organisatie" in content:
        return
    for name, value in content.items():
        if isinstance(value, str) and name in list(Kind):
            yield Kind(name), value
        else:
            yield from sent_in(value)


def spellings(kind: Kind, value: str) -> Iterator[str]:
    """Yield the ways in which a value may be written, folded; none when there is too little to search for."""
    folded = _fold(value.strip())
    digits = "".join(re.findall(r"\d", folded))
    match kind:
        case Kind.NAME:
            yield from (word for word in _WORD.findall(folded) if len(word) > 2 and word not in _PREFIXES)
        case Kind.POSTCODE:
            yield folded.replace(" ", "")
        case Kind.BIRTH_DATE if len(digits) == 8:
            year, month, day = digits[:4], digits[4:6], digits[6:]
            yield from (f"{year}-{month}-{day}", digits, f"{day}-{month}-{year}")
        case Kind.PHONE if len(digits) > 8:
            national = digits.removeprefix("0031").removeprefix("31").removeprefix("0")
            yield from (folded, national, f"0{national}", f"31{national}", f"0031{national}")
        case Kind.BSN if len(digits) > 7:
            yield from (folded, digits, digits.lstrip("0"))  # as it was sent, and as a number
        case Kind.EMAIL if "@" in folded:
            yield folded
        case Kind.CUSTOMER if len(folded) > 4:
            yield folded


@dataclass
class Finder:
    """Finds what was sent in; `forms` is what it knows."""

    forms: dict[str, Kind]
    hits: set[Hit] = field(default_factory=set)
    meant: set[Hit] = field(default_factory=set)
    """What was found where it may be: a search that can see has some."""
    _unwrapped: set[bytes] = field(default_factory=set)
    """Ids and digests come by in many places: what they decode to is looked at once."""

    @classmethod
    def of(cls, contents: Iterable[object]) -> "Finder":
        found = {
            form: kind for each in sent_in(list(contents)) for form in spellings(*each) for kind in each[:1]
        }
        return cls(found)

    def look(self, place: str, data: bytes, *, allowed: frozenset[Kind] = frozenset()) -> set[Hit]:
        """Return what stands in these bytes, and keep it in `hits`."""
        found = {Hit(place, kind, dress) for dress, kind in self._dressed(data)}
        meant = {hit for hit in found if hit.kind in allowed}
        self.meant |= meant
        self.hits |= found - meant
        return found - meant

    def _dressed(self, data: bytes) -> Iterator[tuple[str, Kind]]:
        bare = _JWE.sub(lambda match: b"\n" + _COORDINATE.sub(b"", _decoded(match[1])) + b"\n", data)
        yield from self._written(bare, "", 0)
        yield from self._unwrap(bare, "base64", _BASE64, _aligned)
        yield from self._unwrap(bare, "hex", _HEX, _paired)

    def _unwrap(
        self, data: bytes, dress: str, pattern: re.Pattern[bytes], decode: Callable[[bytes], Iterable[bytes]]
    ) -> Iterator[tuple[str, Kind]]:
        new = {dress.encode() + b" " + token for token in pattern.findall(data)} - self._unwrapped
        inner = [each for token in new for each in decode(token.partition(b" ")[2])]
        for each in inner:
            if each.startswith(PACKED):
                yield from self._written(b"\n".join(unpacked(each)), f"{dress}, packed, ", NOISE)
        found = list(self._written(b"\n".join(inner), f"{dress}, ", NOISE))
        if not found:  # what was found once is found in every other place too
            self._unwrapped |= new
        yield from found

    def _written(self, data: bytes, dress: str, least: int) -> Iterator[tuple[str, Kind]]:
        """Yield what can be read in bytes as text of some encoding."""
        raw = data.decode(errors="replace")
        text = raw.replace("\ufffd", " ")
        yield from ((f"{dress}text", kind) for kind in self._kinds(text, least))
        if "\\u" in text:
            plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
            yield from ((f"{dress}JSON escapes", kind) for kind in self._kinds(plain, least))
        if "\ufffd" in raw:
            western = data.decode("cp1252", errors="replace")
            yield from ((f"{dress}Windows-1252", kind) for kind in self._kinds(western, NOISE))
        if "\\x" in text:
            plain = _ESCAPED_BYTES.sub(_unescaped, text)
            yield from ((f"{dress}Python escapes", kind) for kind in self._kinds(plain, least))
        if not least and "%" in text:
            plain = unquote_plus(text)
            yield from ((f"{dress}URL", kind) for kind in self._kinds(plain, least))
            if "%" in plain:
                yield from ((f"{dress}URL twice", kind) for kind in self._kinds(unquote_plus(plain), least))
        if _WIDE.search(data):
            for encoding in ("utf-16-le", "utf-16-be"):
                for start in (0, 1):
                    wide = data[start:].decode(encoding, errors="replace")
                    yield from ((f"{dress}{encoding}", kind) for kind in self._kinds(wide, NOISE))

    def _kinds(self, text: str, least: int) -> set[Kind]:
        found = {each.replace(" ", "").lower() for each in _POSTCODE.findall(text)}
        folded = _fold(text)
        found |= {*_TOKEN.findall(folded), *_WORD.findall(folded)}
        return {self.forms[form] for form in found & self.forms.keys() if len(form) >= least}


def _fold(text: str) -> str:
    """Return a text without case and marks."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text.replace("\u0131", "i")))
    return text.casefold()


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what is in a gzip, zlib or zip (names and contents); what only begins like one, as it is."""
    try:
        if data.startswith(ZIP):
            with zipfile.ZipFile(BytesIO(data)) as packed:
                yield "\n".join(packed.namelist()).encode()
                yield from map(packed.read, packed.namelist())
        elif data.startswith(GZIP):
            yield gzip.decompress(data)
        elif data.startswith(ZLIB):
            yield zlib.decompress(data)
        else:
            yield data
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile):
        yield data


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(re.sub(r"\\+x", "", found[0])).decode(errors="replace")


def _aligned(token: bytes) -> Iterator[bytes]:
    """Yield what a text of base64 says, with none to three characters before it that are not part of it."""
    for skip in range(4):
        yield _decoded(token[skip:])


def _decoded(token: bytes) -> bytes:
    whole = token.translate(bytes.maketrans(b"-_", b"+/"))
    whole = whole[: len(whole) - 1] if len(whole) % 4 == 1 else whole
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _paired(token: bytes) -> Iterator[bytes]:
    for start in (0, 1):
        even = token[start:]
        yield bytes.fromhex(even[: len(even) // 2 * 2].decode())
