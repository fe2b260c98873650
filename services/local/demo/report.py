"""What a person wants to see afterwards: tables on two screens, and the differences if any."""

from collections import Counter

from rich.columns import Columns
from rich.console import Console, Group
from rich.table import Table

from services.local.demo.examples import Examples
from services.local.demo.model.expected import Tables

SECTORS = ("Huur", "Energie", "Water", "Zorg")
WORDS = {
    "NOT_YET_PICKED_UP": "not yet picked up",
    "PICKED_UP": "picked up",
    "CLOSED": "closed",
    "KNOWN_IN_DEBT_HELP": "known in debt help",
    "NOT_PICKED_UP": "not picked up",
    "REPEATED": "repeated",
    "UNJUSTIFIED": "unjustified",
    "NOT_RESIDENT": "not a resident",
    "DECEASED": "deceased",
    "MULTIPLE": "multiple: two creditors in a month",
    "CONSECUTIVE": "consecutive: another in six months",
    "SWAP": "swap: one gone, another new",
    "ended: RESULT": "ended early by a result",
    "ended: TERM": "ended by their own timer",
    "running": "still running",
}


def report(found: Tables, examples: Examples) -> Group:
    """Return the whole report."""
    first = Columns(
        [
            _plain("Delivered", "signals", found["delivered"]),
            _plain("Collection pauses", "pauses", found["pauses"]),
            _plain("Debt help", "registrations", found["registrations"]),
            _plain("Cases by status", "cases", found["case status"]),
        ]
    )
    second = Columns([_refused(found["refused"]), _plain("Matches", "matches", found["matches"])])
    return Group(
        first,
        second,
        _cases(found, examples),
        _teams(found["teams"], examples),
        _feedback(found),
        _bailiffs(found["checks"], examples),
    )


def differences(wanted: Tables, found: Tables) -> Table | None:
    """Return where the hub and the model differ, None when they agree."""
    table = Table("what", "row", "model", "hub", title="Differences", title_style="bold red")
    for name in sorted(wanted.keys() | found.keys()):
        rows, others = wanted.get(name, Counter()), found.get(name, Counter())
        for row in sorted(rows.keys() | others.keys()):
            if rows[row] != others[row]:
                table.add_row(name, row, str(rows[row]), str(others[row]))
    return table if table.row_count else None


def _plain(title: str, what: str, rows: Counter[str]) -> Table:
    table = _table(title, "", what)
    for row, count in rows.most_common():
        table.add_row(WORDS.get(row, row), str(count))
    return table


def _refused(rows: Counter[str]) -> Table:
    table = _table("Refused, by reason", "reason", "signals", "reason", "signals")
    listed = sorted(rows.items())
    half = (len(listed) + 1) // 2
    for number in range(half):
        left, right = listed[number], listed[half + number] if half + number < len(listed) else ("", "")
        table.add_row(left[0], str(left[1]), right[0], str(right[1]))
    return table


def _cases(found: Tables, examples: Examples) -> Table:
    kinds = ("single", "single, consecutive", "multiple", "multiple, consecutive")
    table = _table("Cases by kind (one per address and month)", "municipality", *kinds)
    for party in examples.of_role("gemeente"):
        counts = [found["cases"][f"{party['gemeentecode']} | {kind}"] for kind in kinds]
        if any(counts):
            table.add_row(str(party["naam"]), *map(str, counts))
    return table


def _teams(rows: Counter[str], examples: Examples) -> Table:
    table = _table("Cases by district team", "team", "cases", "team", "cases", "team", "cases")
    names = {team["id"]: team["naam"] for team in examples.teams}
    cells = [(str(names.get(team, team)), str(count)) for team, count in sorted(rows.items())]
    cells += [("", "")] * (-len(cells) % 3)
    for number in range(0, len(cells), 3):
        table.add_row(*(cell for pair in cells[number : number + 3] for cell in pair))
    return table


def _feedback(found: Tables) -> Table:
    table = _table("What creditors read of their signals in the end", "", *SECTORS)
    statuses = dict.fromkeys(row.partition(" | ")[2] for row in sorted(found["feedback"]))
    for status in statuses:
        counts = [found["feedback"][f"{sector} | {status}"] for sector in SECTORS]
        table.add_row(WORDS.get(status, status), *map(str, counts))
    for answer in ("yes", "no"):
        counts = [found["help accepted"][f"{sector} | {answer}"] for sector in SECTORS]
        table.add_row(f"  help accepted: {answer}", *map(str, counts))
    return table


def _bailiffs(rows: Counter[str], examples: Examples) -> Table:
    answers = ("not known", "known", "told later", "told while crossing")
    table = _table("What bailiffs were told", "bailiff", *answers)
    for party in examples.of_role("deurwaarder"):
        table.add_row(str(party["naam"]), *(str(rows[f"{party['oin']} | {answer}"]) for answer in answers))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False, box=None)
    for number, column in enumerate(columns):
        numeric = number > 0 and column not in ("reason", "team")
        table.add_column(column, justify="right" if numeric else "left", style="cyan" if numeric else "")
    return table


def show(console: Console, found: Tables, examples: Examples) -> None:
    """Print the report."""
    console.print(report(found, examples))
