"""Rows as they come in, and what the rules say of each: the first half of taking signals in."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.common.clock import AMSTERDAM
from services.common.identifiers import derived_id
from services.ingest.domain.directory import Directory, Place
from services.ingest.domain.drafts import SignalClaim, SignalDraft
from services.ingest.domain.gate import judge
from services.ingest.domain.reading import read_signal
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.making import Maker, Sealers, personal_of
from services.ingest.storage import AddressKey, Remembered

YIELD_EVERY = 25
"""Rows between two chances for other requests: some 3 ms."""
_LATER = frozenset(
    {
        Reason.SIGNAL_DATE_TOO_OLD,
        Reason.END_OF_SUPPLY_TOO_SOON,
        Reason.AMOUNT_BELOW_THRESHOLD,
        Reason.NO_AGREEMENT,
        Reason.KIND_NOT_AGREED,
        Reason.EFFORTS_NOT_DECLARED,
    }
)
"""What time, another policy, an agreement that ended or a new rule may do to a signal that was accepted."""


class Outcome(StrEnum):
    """What became of one signal, in the words of the interface."""

    ACCEPTED = "geaccepteerd"
    REFUSED = "geweigerd"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Row:
    """A signal as it came: `raw` is what JSON or CSV made of `source`, None when nothing."""

    number: int
    raw: object
    source: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who sends, and in which delivery (None = a signal by itself); ephemeral keys are shared inside it."""

    sender: str
    id: str | None = None
    trial: bool = False
    """A dry run: what the answer would be, and nothing else."""
    answered: bool = True
    """Whether the sender is told of each row by an answer too, and not by its refusals alone."""
    sealers: Sealers = field(default_factory=Sealers)
    traceparent: str | None = None
    """What its records carry; None = that of the task that writes them."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A well-formed signal with what is remembered of it."""

    draft: SignalDraft
    memory: Remembered
    personal: bytes = field(repr=False)
    """JSON, in clear text: it goes no further than its seal."""


@dataclass(slots=True)
class Judged:
    """A row on its way through; `accepted` when it passed, or may have before (`late`)."""

    row: Row
    delivery: Delivery
    claim: SignalClaim | None
    problems: tuple[Problem, ...]
    place: Place | None = None
    accepted: Accepted | None = None
    conflict: bool = False

    @property
    def late(self) -> bool:
        """Whether it may have been right before: if it was accepted then, it still is."""
        return bool(self.problems) and all(problem.reason in _LATER for problem in self.problems)

    @property
    def signal_id(self) -> str | None:
        """The id that its creditor and reference make, if both can be read."""
        claim = self.claim
        if self.accepted:
            return self.accepted.memory.signal_id
        if claim is None or claim.creditor is None or claim.reference is None:
            return None
        return derived_id("signal", claim.creditor, claim.reference)

    @property
    def outcome(self) -> Outcome:
        if self.problems:
            return Outcome.REFUSED
        return Outcome.CONFLICT if self.conflict else Outcome.ACCEPTED


async def read_rows(incoming: Iterable[tuple[Row, Delivery]]) -> list[Judged]:
    """Read each row; its form is judged here."""
    found: list[Judged] = []
    for row, delivery in incoming:
        await _breathe(len(found))
        claim, problems = read_signal(row.raw, delivery.sender)
        found.append(Judged(row, delivery, claim, problems))
    return found


async def judge_rows(
    judged: Sequence[Judged],
    *,
    directory: Directory,
    places: Mapping[AddressKey, Place],
    now: datetime,
    maker: Maker,
) -> None:
    """Put each row before the gate."""
    today = now.astimezone(AMSTERDAM).date()
    for number, each in enumerate(judged):
        await _breathe(number)
        if each.claim is not None:
            _judge(each, each.claim, directory, places, today, maker)


def _judge(
    each: Judged,
    claim: SignalClaim,
    directory: Directory,
    places: Mapping[AddressKey, Place],
    today: date,
    maker: Maker,
) -> None:
    address = claim.address
    each.place = places.get((address.postcode, address.number)) if address else None
    sender = each.delivery.sender
    found = judge(claim, sender=sender, directory=directory, place=each.place, today=today)
    well_formed = not each.problems
    each.problems = (*each.problems, *found)
    if well_formed and (not found or each.late):
        draft = claim.draft()
        personal = personal_of(draft)
        memory = Remembered(
            creditor=draft.creditor,
            reference=maker.pseudonyms.reference(draft.creditor, draft.reference),
            signal_id=derived_id("signal", draft.creditor, draft.reference),
            content_hash=maker.content_hash(draft, personal),
            household=maker.household(draft.address),
            municipality=directory.municipalities[draft.municipality_code].party_id,
            unit=maker.unit(draft.address),
            signal_date=draft.signal_date,
            person=maker.person(draft.person),
        )
        each.accepted = Accepted(draft, memory, personal)


async def _breathe(number: int) -> None:
    if number % YIELD_EVERY == YIELD_EVERY - 1:
        await asyncio.sleep(0)
