"""Who may ask about a person, for whom and why (domain.md 1.9, 5.1)."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from services.common.events import Agreement, CheckCapacity, Party, Role

_SENDERS = frozenset({Role.INTERMEDIARY, Role.BAILIFF})
"""Who may send for an office: the bailiffs' network, or another office."""


class Denied(StrEnum):
    """Why somebody may not ask, as it is told."""

    NO_BAILIFF = "Alleen een gerechtsdeurwaarder mag voor dit doel toetsen."
    NO_COLLECTOR = "Alleen een overheid die zelf int mag voor dit doel toetsen."
    NOT_FOR_ANOTHER = "Er is vandaag geen overeenkomst om voor dit kantoor te toetsen."


def denial(
    office: Party | None,
    sender: Party | None,
    capacity: CheckCapacity,
    representation: Iterable[Agreement],
    today: date,
) -> Denied | None:
    """Return why `office` may not ask in this capacity, or `sender` not send it for the office; None: it may.

    `representation`: the agreements by which others may act for the office.
    """
    if not _may_ask(office, capacity):
        return Denied.NO_BAILIFF if capacity is CheckCapacity.BAILIFF else Denied.NO_COLLECTOR
    if office == sender:
        return None
    if sender is None or not sender.active or not _SENDERS & set(sender.roles):
        return Denied.NOT_FOR_ANOTHER
    in_force = any(each.grantee == sender.party_id and each.holds(today) for each in representation)
    return None if in_force else Denied.NOT_FOR_ANOTHER


def is_partner(client: Party | None, signals: Iterable[Agreement], today: date) -> bool:
    """Tell whether a client is a partner of the covenant: a creditor with an agreement (`signals`) in force.

    With whichever municipality: the covenant is a national one, and a partner's promise to suspend (domain.md
    2.4, S2) does not end at a border.
    """
    if client is None or not client.active or Role.CREDITOR not in client.roles:
        return False
    return any(each.holds(today) for each in signals)


def _may_ask(office: Party | None, capacity: CheckCapacity) -> bool:
    if office is None or not office.active:
        return False
    return office.collects if capacity is CheckCapacity.COLLECTOR else Role.BAILIFF in office.roles
