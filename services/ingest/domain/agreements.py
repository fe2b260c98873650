"""Agreements: how one is read, and its life: drafted, sent, signed by both, active, ended.

It is what the signing portal of the covenant keeps (domain.md 2.1): a row per municipality and creditor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.common.events import Agreement, AgreementKind, AgreementStatus, AgreementStep, SignalKind
from services.ingest.domain import formats
from services.ingest.domain.members import Members, all_of, one_of
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason

KINDS: Mapping[str, AgreementKind] = {
    "signalen": AgreementKind.SIGNALS,
    "vertegenwoordiging": AgreementKind.REPRESENTATION,
}
STATUSES: Mapping[str, AgreementStatus] = {
    "concept": AgreementStatus.DRAFTED,
    "verzonden": AgreementStatus.SENT,
    "getekend door schuldeiser": AgreementStatus.SIGNED_BY_CREDITOR,
    "getekend door gemeente": AgreementStatus.SIGNED_BY_MUNICIPALITY,
    "actief": AgreementStatus.ACTIVE,
    "beëindigd": AgreementStatus.ENDED,
}
"""In the order of a life. Of a representation "schuldeiser" is who may act, "gemeente" who allows it."""
_ORDER = {status: number for number, status in enumerate(STATUSES.values())}
_UNREADABLE = (Problem(Reason.UNREADABLE),)
_NOT_POSSIBLE = (Problem(Reason.STEP_NOT_POSSIBLE, "status"),)
_NO_END = (Problem(Reason.FIELD_MISSING, "tot"),)


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wants an agreement to say; `status` None: as it stands, and active when it is new."""

    agreement: Agreement
    status: AgreementStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something, and when."""

    by: str
    at: datetime


def read_agreement(agreement_id: str, raw: object) -> tuple[Written | None, Problems]:
    """Read an agreement of either kind."""
    if not isinstance(raw, Mapping):
        return None, _UNREADABLE
    problems: list[Problem] = []
    members = Members(raw, problems)
    kind = members.required("soort", one_of(KINDS))
    represents = kind is AgreementKind.REPRESENTATION
    grantor = _oin(members, "opdrachtgever" if represents else "gemeente")
    grantee = _oin(members, "gemachtigde" if represents else "schuldeiser")
    sender = executor = None
    kinds: tuple[SignalKind, ...] = ()
    if not represents:
        sender = members.optional("afzender", formats.oin, Reason.OIN_INVALID)
        executor = members.optional("uitvoerder", formats.oin, Reason.OIN_INVALID)
        kinds = members.optional("soorten", all_of(formats.SIGNAL_KINDS.get)) or ()
    since, until = _period(members)
    status = members.optional("status", one_of(STATUSES))
    members.close()
    if problems or kind is None or grantor is None or grantee is None or since is None:
        return None, tuple(problems)
    agreement = Agreement(
        agreement_id=agreement_id,
        kind=kind,
        grantor=grantor,
        grantee=grantee,
        sender=sender,
        valid_from=since,
        valid_until=until,
        kinds=kinds,
        executor=executor,
    )
    return Written(agreement, status), ()


def written(new: Written, before: Agreement | None, act: Act) -> tuple[Agreement | None, Problems]:
    """Return the agreement as it is from now on; a life does not go back.

    A new one without a status is active: both signed it elsewhere, and who records it says so. No signature
    is made up for that: the one step is "active".
    """
    old = before.status if before else None
    status = new.status or old or AgreementStatus.ACTIVE
    if old and _ORDER[status] < _ORDER[old]:
        return None, _NOT_POSSIBLE
    if status is AgreementStatus.ENDED and new.agreement.valid_until is None:
        return None, _NO_END
    steps = before.steps if before else ()
    if status is not old:
        steps = (*steps, AgreementStep(status=status, at=act.at, by=act.by))
    return replace(new.agreement, status=status, steps=steps), ()


def stepped(
    before: Agreement, status: AgreementStatus, until: date | None, act: Act
) -> tuple[Agreement | None, Problems]:
    """Return the agreement after its next step; the same step again changes nothing.

    It may end at any moment, also as of a day that has passed: `until` is the last day on which it held.
    Signals of later days are refused from then on; those that were accepted stay what they are.
    """
    ends = status is AgreementStatus.ENDED
    if before.status is status and (not ends or until in (None, before.valid_until)):
        return before, ()
    if ends and until is None:
        return None, _NO_END
    if until and until < before.valid_from:
        return None, (Problem(Reason.DATE_INVALID, "tot"),)
    if not ends and (until or _ORDER[status] != _ORDER[before.status] + 1):
        return None, _NOT_POSSIBLE
    step = AgreementStep(status=status, at=act.at, by=act.by)
    return replace(
        before, status=status, valid_until=until or before.valid_until, steps=(*before.steps, step)
    ), ()


def may_step(agreement: Agreement, status: AgreementStatus, party: str) -> bool:
    """Tell whether a party to an agreement may take this step; whoever runs the hub may take each."""
    allowed = {agreement.grantor}
    if status is AgreementStatus.SIGNED_BY_CREDITOR:
        allowed = {agreement.grantee}
    elif status is AgreementStatus.ENDED:
        allowed.add(agreement.grantee)
    return party in allowed


def concerns(agreement: Agreement, party: str) -> bool:
    """Tell whether a party has a part in an agreement."""
    return party in (agreement.grantor, agreement.grantee, agreement.sender, agreement.executor)


def _oin(members: Members, name: str) -> str | None:
    return members.required(name, formats.oin, Reason.OIN_INVALID)


def _period(members: Members) -> tuple[date | None, date | None]:
    since = members.required("vanaf", formats.day, Reason.DATE_INVALID)
    until = members.optional("tot", formats.day, Reason.DATE_INVALID)
    if since and until and until < since:
        members.note(Reason.DATE_INVALID, "tot")
    return since, until
