"""Taking out of the worklist, and of what creditors may read, what was erased.

A signal, case or feedback that was still under way to this database would bring it back; so what was erased
is known here for longer than anything can be under way.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.events import Erasure
from services.feedback.domain import UNDER_WAY

_REMEMBER = text("""
    INSERT INTO feedback.erased (signal_id, erased_at)
    SELECT id, now() FROM unnest(CAST(:ids AS text[])) AS gone (id) ON CONFLICT DO NOTHING
""")
_OLD = text("DELETE FROM feedback.erased WHERE erased_at < now() - CAST(:kept AS interval)")
_ERASED = text("SELECT signal_id FROM feedback.erased WHERE signal_id = ANY(CAST(:ids AS text[]))")
_ROWS = (
    text("DELETE FROM feedback.signals WHERE signal_id = ANY(CAST(:ids AS text[]))"),
    text("DELETE FROM feedback.disclosed WHERE signal_id = ANY(CAST(:ids AS text[]))"),
    text("DELETE FROM feedback.questions WHERE signal_id = ANY(CAST(:ids AS text[]))"),
    text("DELETE FROM feedback.questions WHERE registration_id = ANY(CAST(:ids AS text[]))"),
    text("""
        UPDATE feedback.pause_changes SET signal_ids = ARRAY(
            SELECT id FROM unnest(signal_ids) AS each (id) WHERE id <> ALL(CAST(:ids AS text[])))
        WHERE signal_ids && CAST(:ids AS text[])
    """),
    text("DELETE FROM feedback.pause_changes WHERE signal_ids = '{}' AND check_id IS NULL"),
)
_OUT_OF_CASES = text("""
    UPDATE feedback.cases SET signals = (
        SELECT coalesce(jsonb_agg(signal ORDER BY place), '[]')
        FROM jsonb_array_elements(signals) WITH ORDINALITY AS each (signal, place)
        WHERE signal ->> 'signal_id' <> ALL(CAST(:ids AS text[])))
    WHERE household = ANY(CAST(:households AS text[]))
      AND EXISTS (SELECT FROM jsonb_array_elements(signals) AS one (signal)
                  WHERE signal ->> 'signal_id' = ANY(CAST(:ids AS text[])))
    RETURNING case_id, signals = '[]' AS empty
""")
_OF_CASES = tuple(
    text(f"DELETE FROM feedback.{table} WHERE case_id = ANY(CAST(:ids AS text[]))")  # noqa: S608 -- our names
    for table in ("cases", "case_teams", "attempts", "results", "pause_orders")
)


async def erase(connection: AsyncConnection, erasures: Sequence[Erasure], touched: Mapping[str, str]) -> None:
    """Take out what is erased now, and of what was just written (signal: household) what was before."""
    gone = {each.erased_id: each.household for each in erasures}
    if gone:
        await remember_erased(connection, list(gone))
    if touched:
        found = await connection.execute(_ERASED, {"ids": list(touched)})
        gone |= {id_: touched[id_] for id_ in found.scalars()}
    if gone:
        await _remove(connection, gone)


async def remember_erased(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Know for a while that these were erased."""
    await connection.execute(_REMEMBER, {"ids": list(ids)})
    await connection.execute(_OLD, {"kept": UNDER_WAY})


async def _remove(connection: AsyncConnection, gone: Mapping[str, str]) -> None:
    ids = {"ids": list(gone)}
    for statement in _ROWS:
        await connection.execute(statement, ids)
    found = await connection.execute(_OUT_OF_CASES, ids | {"households": sorted(set(gone.values()))})
    empty = {"ids": [row.case_id for row in found if row.empty]}
    for statement in _OF_CASES if empty["ids"] else ():
        await connection.execute(statement, empty)
