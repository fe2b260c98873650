"""What a person is known by, in normal forms; the digests are made outside, under a key unknown here."""

import re
import unicodedata

from services.common.events import EvidenceKind
from services.ingest.domain.drafts import Address, Person

_FULL_BIRTH_DATE = len("YYYY-MM-DD")
_PREFIXES = frozenset(
    re.findall(
        r"\w+",
        "aan af al bij d da dal de del della den der des di do dos du el het i in l la las le les lo los "
        "of onder op over s t te ten ter tot uit uijt van vanden vander ver vom von voor zu zum zur",
    )
)
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "\u0131": "i"}
)
"""Letters that Unicode does not take apart; ß is ss by casefold."""


def traits(person: Person) -> tuple[tuple[EvidenceKind, str], ...]:
    """Return each kind of evidence with the normal form of its value."""
    found = (
        (EvidenceKind.BSN, person.bsn),
        (EvidenceKind.BIRTH_DATE, _full(person.birth_date)),
        (EvidenceKind.SURNAME, surname_form(person.surname or "")),
        (EvidenceKind.INITIAL, initial_form(person.initials or "")),
    )
    return tuple((kind, value) for kind, value in found if value)


def surname_form(surname: str) -> str:
    """Lower case, without diacritics, prefixes and whatever is no letter or digit; ß is ss."""
    plain = _plain(surname)
    if plain.isalnum():
        return plain
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    while len(words) > 1 and words[0] in _PREFIXES:
        del words[0]
    return "".join(words)


def initial_form(initials: str) -> str:
    """The first letter, lower case, without diacritics."""
    return next((c for c in _plain(initials) if c.isalnum()), "")


def unit_form(address: Address) -> str:
    """House letter and addition as one text: A-1, A 1 and letter A with addition 1 are the same."""
    both = f"{address.letter or ''}{address.addition or ''}"
    return "".join(c for c in both.upper() if c.isalnum())


def _plain(text: str) -> str:
    if text.isascii():  # most names are: three times as fast
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def _full(birth_date: str | None) -> str | None:
    return birth_date if birth_date and len(birth_date) == _FULL_BIRTH_DATE else None
