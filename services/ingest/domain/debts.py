"""What a bailiff tells of other debts of somebody in debt help: read, and as it is hashed and sealed.

No source says what such a message holds, only that bailiffs do it (domain.md 5.1, effect): the least with
which a helper can write to a creditor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.common.ddas import PARTNER_TYPE
from services.common.events import CheckPurpose, PartnerType
from services.ingest.domain import formats
from services.ingest.domain.members import Members, one_of
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason

MOST_DEBTS = 100
PURPOSES: Mapping[str, CheckPurpose] = {
    "dagvaarding": CheckPurpose.SUMMONS,
    "beslag": CheckPurpose.ATTACHMENT,
    "inning": CheckPurpose.COLLECTION,
}
"""What the reporter is busy with, in the words of a check (`reden` of POST /v1/toetsen)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One debt; its creditor is known by OIN, by name, or by both."""

    creditor: str | None
    creditor_name: str | None
    dossier: str
    amount_cents: int
    kind: PartnerType
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtMessage:
    """Debts of one person, under the reporter's own reference."""

    reference: str
    bsn: str
    purpose: CheckPurpose
    debts: tuple[Debt, ...]


def read_debts(raw: object, today: date) -> tuple[DebtMessage | None, Problems]:
    """Read a message and all that is wrong with it; one with problems is None."""
    if not isinstance(raw, dict):
        return None, (Problem(Reason.UNREADABLE),)
    problems: list[Problem] = []
    members = Members(raw, problems)
    reference = members.required("kenmerk", formats.reference, Reason.REFERENCE_INVALID)
    bsn = members.required("burgerservicenummer", formats.bsn, Reason.BSN_INVALID)
    purpose = members.required("reden", one_of(PURPOSES))
    debts = tuple(_debt(each, today) for each in members.objects("schulden", MOST_DEBTS))
    members.close()
    if problems or reference is None or bsn is None or purpose is None:
        return None, tuple(problems)
    return DebtMessage(
        reference=reference, bsn=bsn, purpose=purpose, debts=tuple(debt for debt in debts if debt)
    ), ()


def _debt(members: Members, today: date) -> Debt | None:
    creditor = members.optional("schuldeiser", formats.oin, Reason.OIN_INVALID)
    name = members.optional("schuldeiserNaam", formats.text)
    if not members.has("schuldeiser") and not members.has("schuldeiserNaam"):
        members.note(Reason.FIELD_MISSING, "schuldeiser")
    dossier = members.required("dossiernummer", formats.reference, Reason.REFERENCE_INVALID)
    amount = members.required("bedragInCenten", formats.amount, Reason.AMOUNT_INVALID)
    kind = members.required("soort", formats.partner_type, Reason.PARTNER_TYPE_INVALID)
    since = members.required("ontstaansdatum", formats.day, Reason.DATE_INVALID)
    if since and since > today:
        members.note(Reason.DATE_INVALID, "ontstaansdatum")
    members.close()
    if dossier is None or amount is None or kind is None or since is None:
        return None
    return Debt(
        creditor=creditor, creditor_name=name, dossier=dossier, amount_cents=amount, kind=kind, since=since
    )


def debts_personal(message: DebtMessage) -> dict[str, object]:
    """Return what only the municipality may read: the message, but for what the reporter is busy with."""
    return {
        "kenmerk": message.reference,
        "burgerservicenummer": message.bsn,
        "schulden": [_debt_content(each) for each in message.debts],
    }


def _debt_content(debt: Debt) -> dict[str, object]:
    names = {"schuldeiser": debt.creditor, "schuldeiserNaam": debt.creditor_name}
    return {name: value for name, value in names.items() if value} | {
        "dossiernummer": debt.dossier,
        "bedragInCenten": debt.amount_cents,
        "soort": PARTNER_TYPE[debt.kind],
        "ontstaansdatum": debt.since.isoformat(),
    }
