"""Opaque cursors: where the next page of a list begins; and the form of ids. Callers hand both back as is."""

import base64
import binascii
import json
import re
from datetime import datetime
from http import HTTPStatus

from services.common.problems import INVALID, Problem

_MARK = "c."
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def encode(*parts: str | int) -> str:
    """Return a cursor of these parts."""
    return _MARK + base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode(text: str) -> list[str | int]:
    """Return the parts of a cursor; anything else is a 400 `Problem`."""
    body = text.removeprefix(_MARK)
    try:
        parts = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        raise invalid() from None
    if not is_cursor(text) or not isinstance(parts, list):
        raise invalid()
    return parts


def is_cursor(text: str) -> bool:
    return text.startswith(_MARK)


def is_id(text: str) -> bool:
    """Tell whether a text has the form of our ids; another one belongs to nothing."""
    return _ID.fullmatch(text) is not None


def moment(text: str | int) -> datetime:
    """Return an aware moment in RFC 3339; anything else is a 400 `Problem`."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid() from None
    if found.tzinfo is None:
        raise invalid()
    return found


def place(text: str) -> tuple[datetime, str]:
    """Return the moment and id behind which a page begins; anything else is a 400 `Problem`."""
    parts = decode(text)
    if len(parts) != 2 or not is_id(str(parts[1])):
        raise invalid()
    return moment(parts[0]), str(parts[1])


def start(vanaf: str | None) -> tuple[datetime | None, int]:
    """Return from which moment, and behind which position, a list of changes begins; else a 400 `Problem`."""
    if vanaf is None:
        return None, 0
    if not is_cursor(vanaf):
        return moment(vanaf), 0
    parts = decode(vanaf)
    if len(parts) != 1 or not isinstance(parts[0], int):
        raise invalid()
    return None, parts[0]


def invalid() -> Problem:
    """Return the 400 of a `vanaf` that cannot be read."""
    fout = (
        "FIELD_INVALID",
        "vanaf",
        "Geef de waarde van volgende uit een eerder antwoord, of een tijdstip met zone.",
    )
    return Problem(HTTPStatus.BAD_REQUEST, INVALID, [fout])
