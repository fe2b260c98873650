"""Formats of Dutch identifiers (domain.md 7.1): pure checks, no meaning."""

import re
from contextlib import suppress
from hashlib import sha1
from ipaddress import ip_address
from operator import mul
from urllib.parse import urlsplit
from uuid import UUID

NAMESPACE = UUID("6f0c9f2e-6d0c-5d7a-9d5b-0b7f1f5f6a31")
"""Namespace of every id that the hub derives; part of the contract, see schemas/README.md."""

_NAMESPACE = NAMESPACE.bytes
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_POSTCODE = re.compile(r"[1-9][0-9]{3} ?[A-Za-z]{2}")
_MEMBER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_OIN = re.compile(r"[0-9]{20}")
_DIGIT_0 = sum(_BSN_WEIGHTS) * ord("0")


def is_bsn(text: str) -> bool:
    """Tell whether nine digits pass the 11-proef."""
    if len(text) != len(_BSN_WEIGHTS) or not (text.isascii() and text.isdigit()):
        return False
    total: int = sum(map(mul, _BSN_WEIGHTS, text.encode())) - _DIGIT_0
    return total % 11 == 0 and total != 0


def postcode_of(text: str) -> str | None:
    """Return a postcode as 1234AB, or None when it is not one."""
    return text.replace(" ", "").upper() if _POSTCODE.fullmatch(text) else None


def is_oin(text: str) -> bool:
    """Tell whether a text is an OIN: 20 digits."""
    return _OIN.fullmatch(text) is not None


def is_municipality_code(text: str) -> bool:
    """Tell whether a text is a gemeentecode: 4 digits."""
    return len(text) == len("0363") and text.isascii() and text.isdigit()


def is_safe_url(url: str) -> bool:
    """Tell whether nobody on the way can read what is posted to a URL: https, or http to this machine."""
    try:
        found = urlsplit(url)
    except ValueError:
        return False
    return found.scheme == "https" or (found.scheme == "http" and _is_this_machine(found.hostname or ""))


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def member_name(text: str) -> str:
    """Return the name of a member or column for a message; `?` for what is none, as it may be a value."""
    return text if _MEMBER_NAME.fullmatch(text) else "?"


def derived_id(*parts: str) -> str:
    """Return the UUIDv5 of these parts: the same parts give the same id, everywhere and always.

    Spelt out without a UUID object: a third of the time of `uuid5`, and every record has a few ids.
    """
    digest = bytearray(sha1(_NAMESPACE + "\n".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
