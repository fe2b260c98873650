"""The columns of a table of agreements about signals: municipality, creditor, who sends, from, until."""

import re
from collections.abc import Mapping, Sequence

from services.ingest.domain.cells import day
from services.ingest.domain.columns import Column, Head

_BETWEEN = re.compile(r"\s*[,;|+]\s*")


def _kinds(cell: str) -> object:
    return [each for each in _BETWEEN.split(cell.lower()) if each]


AGREEMENT_COLUMNS: tuple[Column, ...] = (
    Column("id", ("id", "overeenkomst", "overeenkomstnummer", "kenmerk overeenkomst"), required=True),
    Column("gemeente", ("gemeente", "oin gemeente"), required=True),
    Column("schuldeiser", ("schuldeiser", "oin schuldeiser", "partner", "oin partner"), required=True),
    Column("afzender", ("afzender", "oin afzender", "bemiddelaar", "oin bemiddelaar")),
    Column("uitvoerder", ("uitvoerder", "oin uitvoerder")),
    Column("vanaf", ("vanaf", "ingangsdatum", "begindatum", "datum vanaf"), day, required=True),
    Column("tot", ("tot", "tot en met", "einddatum", "datum tot"), day),
    Column("soorten", ("soorten", "soorten signalen"), _kinds),
    Column("status", ("status",), str.lower),
    Column("", ("naam gemeente", "gemeentenaam", "naam schuldeiser", "naam partner")),
)


def agreement_of(head: Head, cells: Sequence[str]) -> tuple[str, Mapping[str, object] | None]:
    """Return the id in a row and the message that the rest stands for, None when it has other cells."""
    message = head.message(cells)
    if message is None:
        return "", None
    rest = {name: value for name, value in message.items() if name != "id"}
    return str(message.get("id", "")), {"soort": "signalen"} | rest
