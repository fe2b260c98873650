"""Reading the worklist, and remembering what was reported on its cases. PostgreSQL."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.common.events import Area, CaseKind, CasePriority, CaseResult, CaseSignal, CaseStatus

_CASE_COLUMNS = "c.*, t.team FROM feedback.cases c LEFT JOIN feedback.case_teams t USING (case_id)"
_OWN = "c.municipality = :municipality AND (CAST(:team AS text) IS NULL OR t.team = :team)"
_PAGE = text(f"""
    SELECT {_CASE_COLUMNS}
    WHERE {_OWN} AND NOT c.withdrawn AND NOT c.known_in_debt_help
      AND (CAST(:status AS text) IS NULL OR c.status = :status)
      AND (CAST(:address_doubt AS boolean) IS NULL OR c.address_doubt = :address_doubt)
      AND (CAST(:opened_at AS timestamptz) IS NULL OR (c.opened_at, c.case_id) > (:opened_at, :case_id))
    ORDER BY c.opened_at, c.case_id LIMIT :limit
""")
_ONE = text(f"SELECT {_CASE_COLUMNS} WHERE {_OWN} AND c.case_id = :case_id")
_PERSONAL = text("""
    SELECT signal_id, personal FROM feedback.signals
    WHERE municipality = :municipality AND signal_id = ANY(:signal_ids) AND personal IS NOT NULL
""")
_ATTEMPT = text("""
    INSERT INTO feedback.attempts AS a (attempt_id, case_id, content) VALUES (:attempt_id, :case_id, :content)
    ON CONFLICT (attempt_id) DO UPDATE SET content = a.content
    RETURNING content
""")
_NEXT_VERSION = """
    INSERT INTO feedback.{table} AS r ({key}, version, content) VALUES (:id, 1, :content)
    ON CONFLICT ({key}) DO UPDATE SET content = EXCLUDED.content,
        version = r.version + CASE WHEN r.content = EXCLUDED.content THEN 0 ELSE 1 END
    RETURNING version
"""
_LOCK = "SELECT published FROM feedback.{table} WHERE {key} = :id FOR UPDATE"
_PUBLISHED = "UPDATE feedback.{table} SET published = :version WHERE {key} = :id"
_OUT = "SELECT version, content FROM feedback.{table} WHERE {key} = :id AND published = version"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case as the worklist shows it; `team` None until it is routed."""

    case_id: str
    household: str
    month: str
    kind: CaseKind
    consecutive: bool
    status: CaseStatus
    result: CaseResult | None
    crisis: bool
    young: bool
    area: Area
    opened_at: datetime
    team: str | None
    signals: tuple[CaseSignal, ...]
    priority: CasePriority
    deadline: date | None
    overdue: bool
    address_doubt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose cases: a municipality's (OIN), or those of one of its teams."""

    municipality: str
    team: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of them; None: whatever it is."""

    status: CaseStatus | None
    address_doubt: bool | None


class Worklist:
    """The cases of municipalities; nothing of another municipality or team ever comes out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, whose: Whose, wanted: Wanted, after: tuple[datetime, str] | None, limit: int
    ) -> list[CaseRow]:
        """Return cases in the order of opening, from the one after `after` (opened_at, case_id).

        Without those of which every signal was withdrawn, or is of somebody known in debt help; `case` finds
        them, a team may be at the door.
        """
        opened_at, case_id = after or (None, None)
        status = wanted.status and wanted.status.value
        sought = {"status": status, "address_doubt": wanted.address_doubt, "limit": limit}
        values = asdict(whose) | sought
        async with transaction(self._engine) as connection:
            found = await connection.execute(_PAGE, values | {"opened_at": opened_at, "case_id": case_id})
            return [_case(row) for row in found.mappings()]

    async def case(self, whose: Whose, case_id: str) -> CaseRow | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(_ONE, asdict(whose) | {"case_id": case_id})
            row = found.mappings().first()
            return _case(row) if row else None

    async def personal(self, municipality: str, signal_ids: Sequence[str]) -> dict[str, str]:
        """Return the personal data (compact JWE) of those signals that have arrived."""
        values = {"municipality": municipality, "signal_ids": list(signal_ids)}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_PERSONAL, values)
            return {row["signal_id"]: row["personal"] for row in found.mappings()}


class Attempts:
    """The content of contact attempts; the first under an id stays."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def remember(self, attempt_id: str, case_id: str, content: str) -> bool:
        """Remember this content (a digest) of a case; False when the id has other content."""
        values = {"attempt_id": attempt_id, "case_id": case_id, "content": content}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_ATTEMPT, values)
            return bool(found.scalar_one() == content)


class Versions:
    """The versions of what was reported once on a thing (a row of `table` by its `key`, both our own words).

    The same content again is the same version.
    """

    def __init__(self, engine: AsyncEngine, table: str, key: str) -> None:
        self._engine = engine
        statements = (_NEXT_VERSION, _LOCK, _PUBLISHED, _OUT)
        made = (text(each.format(table=table, key=key)) for each in statements)
        self._next, self._lock, self._published, self._out = made

    async def version(self, id_: str, content: str) -> int:
        """Return the version of this content (a digest), and remember it as the last asked for."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(self._next, {"id": id_, "content": content})
            return int(found.scalar_one())

    async def out(self, id_: str) -> tuple[int, str] | None:
        """Return the last version and its content, when the broker has it."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(self._out, {"id": id_})).one_or_none()
            return (row.version, row.content) if row else None

    async def publish(self, id_: str, version: int, write: Callable[[], Awaitable[None]]) -> None:
        """Call `write`, one version of a thing at a time, unless a later version is out already.

        Of two requests at once the later version is the last on the topic, whichever was faster.
        """
        async with transaction(self._engine) as connection:
            out = (await connection.execute(self._lock, {"id": id_})).scalar_one()
            if out > version:
                return
            await write()
            await connection.execute(self._published, {"id": id_, "version": version})


def _case(row: RowMapping) -> CaseRow:
    return CaseRow(
        case_id=row["case_id"],
        household=row["household"],
        month=row["month"],
        kind=CaseKind(row["kind"]),
        consecutive=row["consecutive"],
        status=CaseStatus(row["status"]),
        result=row["result"] and CaseResult(row["result"]),
        crisis=row["crisis"],
        young=row["young"],
        area=Area(pc4=row["pc4"], district=row["district"], neighbourhood=row["neighbourhood"]),
        opened_at=row["opened_at"],
        team=row["team"],
        signals=msgspec.convert(row["signals"], tuple[CaseSignal, ...]),
        priority=CasePriority(row["priority"]),
        deadline=row["deadline"],
        overdue=row["overdue"],
        address_doubt=row["address_doubt"],
    )
