"""Signals and registrations as files: JSON lines, or CSV with the names of the JSON members."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from services.local.demo.actions import Content

COLUMNS = (
    "kenmerk schuldeiser gemeentecode signaalpartner bedragInCenten ontstaansdatum signaaldatum inspanningen "
    "crisissignaal warmeOverdracht klantnummer burgerservicenummer voorletters voorvoegsel geslachtsnaam "
    "geboortedatum postcode huisnummer huisletter huisnummertoevoeging telefoon email"
).split()
_REGISTRATION_COLUMNS = (
    "kenmerk burgerservicenummer voorletters voorvoegsel geslachtsnaam geboortedatum postcode huisnummer "
    "huisletter huisnummertoevoeging begindatum organisatie telefoon email"
).split()
MEDIA_TYPE = {"ndjson": "application/x-ndjson", "csv": "text/csv"}


def file_of(form: str, rows: tuple[Content | str, ...]) -> bytes:
    """Return the body of a delivery."""
    if form == "ndjson":
        return _ndjson(rows).encode()
    return _csv(COLUMNS, [row for row in rows if not isinstance(row, str)]).encode()


def registrations_file(rows: Iterable[tuple[str, Content]]) -> bytes:
    """Return the daily file of registrations: reference and content."""
    return _csv(_REGISTRATION_COLUMNS, [{"kenmerk": name} | content for name, content in rows]).encode()


def _ndjson(rows: tuple[Content | str, ...]) -> str:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    return "\n".join(lines) + "\n"


def _csv(columns: Sequence[str], rows: Iterable[Content]) -> str:
    """Return a file as a spreadsheet with Dutch settings saves it."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(map(_flat, rows))
    return file.getvalue()


def _flat(content: Content) -> Content:
    flat: Content = {}
    for name, value in content.items():
        if isinstance(value, dict):
            flat |= value
        elif isinstance(value, list):
            flat[name] = "".join(value)
        elif isinstance(value, bool):
            flat[name] = "ja" if value else "nee"
        else:
            flat[name] = value
    return flat
