"""Daily files of debt help: what each of them changes, and which one waits until it is confirmed."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from services.local.demo.actions import Action, Content, DailyFile, EndHelp, Register, Step

MOST_GONE_PERCENT = 20


@dataclass(slots=True)
class _Registrar:
    """What it registered by files, and the one that waits."""

    rows: dict[str, Content] = field(default_factory=dict)
    held: dict[str, Content] | None = None


def spelled_out(steps: list[Step]) -> tuple[list[Step], Counter[str]]:
    """Return the steps with what files change in the place of the files, and what became of these."""
    registrars: defaultdict[str, _Registrar] = defaultdict(_Registrar)
    counts: Counter[str] = Counter()

    def changes(action: Action) -> Iterator[Action]:
        if isinstance(action, DailyFile):
            yield from _changes(action, registrars[action.registrar], counts)
        else:
            yield action

    plain = [replace(step, actions=tuple(c for a in step.actions for c in changes(a))) for step in steps]
    return plain, counts


def _changes(file: DailyFile, registrar: _Registrar, counts: Counter[str]) -> Iterator[Action]:
    before, after = registrar.rows, dict(file.rows)
    gone = sorted(before.keys() - after.keys())
    confirmed = file.confirmed and registrar.held == after
    if len(gone) * 100 > len(before) * MOST_GONE_PERCENT and not confirmed:
        registrar.held = after
        counts["held"] += 1
        return
    registrar.rows, registrar.held = after, None
    counts["taken in"] += 1
    counts["help starts"] += len(after.keys() - before.keys())
    counts["help changes"] += sum(name in before and before[name] != row for name, row in after.items())
    counts["help ends"] += len(gone)
    for name, row in after.items():
        if before.get(name) != row:
            yield Register(registrar=file.registrar, reference=name, content=row)
    yield from (EndHelp(registrar=file.registrar, reference=name) for name in gone)
