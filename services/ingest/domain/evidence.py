"""What a person is known by: normal forms, and what their likely slips come to.

Two values that differ by one slip share a form: of the values themselves or of their slips. The digests are
made outside, under a key unknown here.
"""

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from services.common.events import EvidenceKind
from services.ingest.domain.drafts import Address, Person

_FULL_BIRTH_DATE = len("YYYY-MM-DD")
_PREFIXES = frozenset(
    re.findall(
        r"\w+",
        "aan af al bij d da dal de del della den der des di do dos du el het i in l la las le les lo los "
        "of onder op over s t te ten ter tot uit uijt v van vanden vander vd ver vom von voor zu zum zur",
    )
)
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "\u0131": "i"}
)
"""Letters that Unicode does not take apart; ß is ss by casefold."""
_SOUNDS = (
    ("sch", "s"),  # Bosch, Visscher
    ("eij", "y"),
    ("ei", "y"),
    ("ey", "y"),
    ("ij", "y"),
    ("ck", "k"),
    ("ch", "g"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("dt", "t"),
    ("sz", "s"),
    ("tz", "s"),
    ("ae", "a"),
    ("oo", "o"),
    ("uy", "ui"),
    ("x", "ks"),
    ("q", "k"),
    ("c", "k"),
    ("z", "s"),
    ("v", "f"),
    ("j", "y"),
)
"""Spellings of one sound in Dutch names, older and newer."""
_DOUBLED = re.compile(r"(.)\1+")
_MOST_NAMES = 2
"""One's own and one's partner's."""
_MOST_INITIALS = 3
_SHORTEST_SLIP = 4
"""Letters: Bos and Vos are two names."""
_SLIPPING_DIGITS = (3, 5, 6, 8, 9)
"""Of YYYY-MM-DD, all but those of the decade: father and son may share name, initials, day and month."""


class Trait(NamedTuple):
    """A normal form, and the forms that a slip makes of it."""

    kind: EvidenceKind
    form: str
    slips: tuple[str, ...] = ()


def traits(person: Person) -> tuple[Trait, ...]:
    """Return all that a person is known by."""
    found = [Trait(EvidenceKind.BSN, person.bsn)] if person.bsn else []
    if person.birth_date and len(person.birth_date) == _FULL_BIRTH_DATE:
        found.append(Trait(EvidenceKind.BIRTH_DATE, person.birth_date, date_slips(person.birth_date)))
    if person.surname:
        found += [
            Trait(EvidenceKind.SURNAME, form, name_slips(form)) for form in surname_forms(person.surname)
        ]
    if letters := initials_form(person.initials or ""):
        longer = tuple([letters[:count] for count in range(2, len(letters) + 1)])
        found.append(Trait(EvidenceKind.INITIAL, letters[0], longer))
    return tuple(found)


def surname_forms(surname: str) -> tuple[str, ...]:
    """Return the form of each name in it, own and partner's: by sound, without prefixes and diacritics."""
    plain = _plain(surname)
    if plain.isalpha():  # most names are one word
        return (_sound(plain),)
    forms = (_sound("".join(words)) for words in _names(plain))
    return tuple(dict.fromkeys(form for form in forms if form))[:_MOST_NAMES]


def name_slips(form: str) -> tuple[str, ...]:
    """Return a name with each of its letters left out: names one typing error apart share one of these."""
    if len(form) < _SHORTEST_SLIP:
        return ()
    return tuple(dict.fromkeys([form[:place] + form[place + 1 :] for place in range(len(form))]))


def date_slips(birth_date: str) -> tuple[str, ...]:
    """Return a date (YYYY-MM-DD) with one digit unknown, for each digit; and with day and month swapped."""
    masked = tuple([f"{birth_date[:place]}?{birth_date[place + 1 :]}" for place in _SLIPPING_DIGITS])
    swapped = f"{birth_date[:4]}-{birth_date[8:]}-{birth_date[5:7]}"
    return (*masked, swapped) if _is_date(swapped) and swapped != birth_date else masked


def initials_form(initials: str) -> str:
    """Return the first three letters, lower case, without diacritics and points."""
    letters = _plain(initials).replace(".", "")
    if not letters.isalnum():  # J.P. and J are all but a few
        letters = "".join(c for c in letters if c.isalnum())
    return letters[:_MOST_INITIALS]


def unit_form(address: Address) -> str:
    """House letter and addition as one text: A-1, A 1 and letter A with addition 1 are the same."""
    if not address.letter and not address.addition:
        return ""
    both = f"{address.letter or ''}{address.addition or ''}"
    return "".join(c for c in both.upper() if c.isalnum())


def _names(plain: str) -> list[list[str]]:
    """Take a surname apart where one name ends and another begins: at a hyphen, or at a prefix inside it."""
    names: list[list[str]] = []
    for part in re.split(r"\s*[-/]\s*", plain):
        words = "".join(c if c.isalnum() else " " for c in part).split()
        name: list[str] = []
        for number, word in enumerate(words):
            if word not in _PREFIXES or number == len(words) - 1:
                name.append(word)
            elif name:
                names.append(name)
                name = []
        names.append(name)
    return names


def _sound(name: str) -> str:
    for written, heard in _SOUNDS:
        if written in name:  # half the time of replacing what is not there
            name = name.replace(written, heard)
    return _DOUBLED.sub(r"\1", name)


def _plain(text: str) -> str:
    if text.isascii():  # most names are: three times as fast
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
