"""Keeping agreements: put, stepped, imported from a table. An event of a change is named after its step.

They are on the log alone, and what one becomes depends on what it was: so each change has a turn.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from services.common.clock import Clock
from services.common.errors import PermanentError
from services.common.events import Agreement, AgreementStatus
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.view import View
from services.ingest.domain.agreement_columns import AGREEMENT_COLUMNS, agreement_of
from services.ingest.domain.agreements import Act, Written, read_agreement, stepped, written
from services.ingest.domain.columns import Head, HeadError
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.tables import Cells
from services.ingest.turns import SEEN_SECONDS, Turn, Turns

TOPIC = "agreements.v1"
MOST_ROWS = 100_000
MOST_PROBLEMS = 1_000
ID = r"[A-Za-z0-9._-]{1,64}"
_ID = re.compile(ID)
_AT_ONCE = 1_000
_YIELD_EVERY = 200


class RefusedError(PermanentError):
    """It is not kept; `problems` says why."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("the agreement is refused")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Imported:
    """How many agreements a table has, and how many of them are new or other than before."""

    received: int
    changed: int


@dataclass(frozen=True, slots=True)
class Agreements:
    """Changes come one after the other, so that none undoes another."""

    turns: Turns
    publisher: Publisher
    view: View[Agreement]
    clock: Clock

    async def put(self, id: str, raw: object, by: str) -> Agreement:
        """Keep an agreement as a whole."""
        new, problems = read_agreement(id, raw)
        if new is None:
            raise RefusedError(problems)
        async with self.turns.take() as turn:
            before = self.view.get(id)
            after = _whole(*written(new, before, self._act(by)))
            await self._keep([(before, after)], turn)
        return after

    async def step(
        self,
        id: str,
        status: AgreementStatus,
        until: date | None,
        by: str,
        may: Callable[[Agreement], bool],
    ) -> Agreement:
        """Take a step in the life of an agreement that is there; `may` tells whether it is theirs to take."""
        async with self.turns.take() as turn:
            before = self.view.get(id)
            if before is None or not may(before):
                raise RefusedError((Problem(Reason.STEP_NOT_POSSIBLE, "status"),))
            after = _whole(*stepped(before, status, until, self._act(by)))
            await self._keep([(before, after)], turn)
        return after

    async def take(self, table: AsyncIterator[Cells], by: str) -> Imported:
        """Keep all agreements of a table, or none of them when one is wrong."""
        rows = await read_table(table)
        async with self.turns.take() as turn:
            changes = self._changes(rows, self._act(by))
            await self._keep(changes, turn)
        return Imported(len(rows), sum(before != after for before, after in changes))

    def _changes(
        self, rows: Sequence[tuple[int, Written]], act: Act
    ) -> list[tuple[Agreement | None, Agreement]]:
        changes, wrong = [], list[Problem]()
        for number, new in rows:
            before = self.view.get(new.agreement.agreement_id)
            after, problems = written(new, before, act)
            wrong += _in_row(number, problems)
            if after:
                changes.append((before, after))
        if wrong:
            raise RefusedError(tuple(wrong[:MOST_PROBLEMS]))
        return changes

    async def _keep(self, changes: Sequence[tuple[Agreement | None, Agreement]], turn: Turn) -> None:
        """Publish what changed; return when this process itself sees all of it."""
        news = [(before, after) for before, after in changes if before != after]
        now = self.clock.now()
        for start in range(0, len(news), _AT_ONCE):
            await turn.check()
            await self.publisher.publish([_record(*each) for each in news[start : start + _AT_ONCE]], now)
        seen = self.view.get
        await self.view.wait_for(
            lambda: all(seen(after.agreement_id) == after for _, after in reversed(news)), SEEN_SECONDS
        )

    def _act(self, by: str) -> Act:
        now = self.clock.now()
        return Act(by=by, at=now.replace(microsecond=now.microsecond // 1000 * 1000))  # as Avro has it


def _record(before: Agreement | None, after: Agreement) -> Outgoing:
    stepped_now = before is None or before.steps != after.steps
    what = after.status.value.lower().replace("_", "-") if stepped_now else "changed"
    id_ = str(uuid4())  # a value may come back: no derived id
    return Outgoing(TOPIC, after.agreement_id, after, what, id_)


def _whole(found: Agreement | None, problems: Problems) -> Agreement:
    if found is None:
        raise RefusedError(problems)
    return found


async def read_table(table: AsyncIterator[Cells]) -> list[tuple[int, Written]]:
    """Return the rows of a table; everything that is wrong with any of them is a `RefusedError`."""
    head, rows, wrong = None, dict[str, tuple[int, Written]](), list[Problem]()
    async for number, cells, _ in table:
        if head is None:
            head = Head(cells or (), AGREEMENT_COLUMNS)
            continue
        found, problems = _row(head, cells, rows)
        wrong += _in_row(number, problems)
        if found:
            rows[found.agreement.agreement_id] = number, found
        if len(rows) > MOST_ROWS or len(wrong) >= MOST_PROBLEMS:
            break
        if number % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
    if head is None:
        raise HeadError([Problem(Reason.UNREADABLE)])
    if len(rows) > MOST_ROWS:
        wrong.append(Problem(Reason.UNREADABLE, f"rij {MOST_ROWS + 2}"))
    if wrong:
        raise RefusedError(tuple(wrong[:MOST_PROBLEMS]))
    return list(rows.values())


def _row(
    head: Head, cells: Sequence[str] | None, rows: dict[str, tuple[int, Written]]
) -> tuple[Written | None, Problems]:
    id_, raw = agreement_of(head, cells) if cells is not None else ("", None)
    if raw is None:
        return None, (Problem(Reason.UNREADABLE),)
    found, problems = read_agreement(id_, raw)
    if not _ID.fullmatch(id_) or id_ in rows:  # the same one twice: which of them holds?
        return None, (*problems, Problem(Reason.FIELD_INVALID, "id"))
    return found, problems


def _in_row(number: int, problems: Problems) -> list[Problem]:
    return [
        Problem(each.reason, f"rij {number}: {each.field}" if each.field else f"rij {number}")
        for each in problems
    ]
