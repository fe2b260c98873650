"""What one cell of a Dutch table says (decimal comma, day before month), in the form of the JSON message.

Only what can be read in one way is read. What cannot is returned as it is: the gate refuses it by its name.
"""

import re
from collections.abc import Callable, Mapping

_WHOLE = re.compile(r"[0-9]{1,12}")
_EUROS = re.compile(
    r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?"  # 1234  1234,5  1234.56
    r"|([0-9]{1,3}(?:\.[0-9]{3}){1,3}),([0-9]{2})"  # 1.234,56
    r"|([0-9]{1,3}(?:,[0-9]{3}){1,3})\.([0-9]{2})"  # 1,234.56
)
"""Not 1.234: a thousand and more, or one euro and a bit."""
_SIGN = re.compile(r"^(?:€|EUR)\s*|\s*(?:€|EUR|euro)$|,-+$", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_DAY_AT_ONCE = re.compile(r"((?:18|19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?Z?$")
_BETWEEN = re.compile(r"[ ,;+/&]")
_YES_NO = {
    **dict.fromkeys(("true", "waar", "ja", "j", "x", "1"), True),
    **dict.fromkeys(("false", "onwaar", "nee", "n", "0"), False),
}


def whole(cell: str) -> object:
    """A whole number."""
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def euros(cell: str) -> object:
    """An amount in euros, as whole cents."""
    found = _EUROS.fullmatch(_SIGN.sub("", cell))
    if found is None:
        return cell
    number, cents = found[1] or found[3] or found[5], found[2] or found[4] or found[6] or ""
    return int(re.sub("[.,]", "", number)) * 100 + int(cents.ljust(2, "0"))


def day(cell: str) -> str:
    """A day, as YYYY-MM-DD: also 9-3-2026, 09/03/2026 and 20260309, with or without midnight behind it."""
    cell = _MIDNIGHT.sub("", cell)
    if found := _DAY.fullmatch(cell):
        return f"{found[4]}-{found[3]:0>2}-{found[1]:0>2}"
    if found := _DAY_AT_ONCE.fullmatch(cell):
        return f"{found[1]}-{found[2]}-{found[3]}"
    return cell


def yes_no(cell: str) -> object:
    """Yes or no."""
    return _YES_NO.get(cell.lower(), cell)


def municipality_code(cell: str) -> str:
    """A gemeentecode; a spreadsheet takes the zeros in front off, CBS puts GM there."""
    code = cell.upper().removeprefix("GM")
    return code.zfill(4) if code.isascii() and code.isdigit() else cell


def one_of(texts: Mapping[str, str]) -> Callable[[str], str]:
    """One of some texts, however it is spelt: `texts` has them by their lower case."""
    return lambda cell: texts.get(cell.lower(), cell)


def letters(cell: str) -> object:
    """Single letters, together or apart: abcd, a b c d, a;b;c;d."""
    return list(dict.fromkeys(_BETWEEN.sub("", cell.lower())))


def postcode(cell: str) -> str:
    """A postcode, with whatever space in it."""
    return "".join(cell.split())
