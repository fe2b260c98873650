"""Who is the same person: on BSN, else on birth date, surname and initial."""

import unicodedata
from dataclasses import dataclass
from typing import Any

PREFIXES = {"van", "den", "der", "de", "ten"}


@dataclass(frozen=True, slots=True)
class Person:
    """What a message says of somebody, in normal form; an empty text is unknown."""

    bsn: str = ""
    born: str = ""
    surname: str = ""
    initial: str = ""
    initials: str = ""


def person_of(written: dict[str, Any], bsn: str = "") -> Person:
    """Return the person a message is about; a birth date counts only when it is whole."""
    words = plain(written.get("geslachtsnaam", "")).split()
    while len(words) > 1 and words[0] in PREFIXES:
        words = words[1:]
    born = written.get("geboortedatum", "")
    return Person(
        bsn=bsn or written.get("burgerservicenummer", ""),
        born=born if len(born) == 10 and not born.endswith("-00") else "",
        surname="".join(words),
        initial=plain(written.get("voorletters", ""))[:1],
        initials=plain(written.get("voorletters", "")).replace(".", "")[:3],
    )


def plain(name: str) -> str:
    """Return a name in lower case and without marks."""
    apart = unicodedata.normalize("NFD", name.casefold().replace("ı", "i"))
    return "".join(char for char in apart if not unicodedata.combining(char))


def told_apart(one: Person, other: Person) -> bool:
    """Tell whether anything that both messages say is different."""
    mine = (one.bsn, one.born, one.surname, one.initial)
    theirs = (other.bsn, other.born, other.surname, other.initial)
    return any(a and b and a != b for a, b in zip(mine, theirs, strict=True))


def surely_same(one: Person, other: Person) -> bool:
    """Tell whether two messages are certainly or probably about one person."""
    if one.bsn and other.bsn:
        return one.bsn == other.bsn
    if not one.born or one.born != other.born or not one.surname or not other.surname:
        return False
    if one.initial and one.initial == other.initial:
        return True  # whatever the surname: it may be the partner's
    return one.surname == other.surname and not (one.initial and other.initial)


def maybe_same(one: Person, other: Person) -> bool:
    """Tell whether two messages are possibly about one person, and no more than that.

    One surname, and either the birth date is not the same or unknown, or it is and the initials are not: a
    father and his son, somebody of whom little is said, twins.
    """
    if (one.bsn and other.bsn) or not one.surname or one.surname != other.surname or surely_same(one, other):
        return False
    if one.born and one.born == other.born:
        return True
    return not (one.initials and other.initials) or _alike(one.initials, other.initials)


def _alike(one: str, other: str) -> bool:
    """Compare initials as far as both have them."""
    common = min(len(one), len(other))
    return one[:common] == other[:common]
