"""What a person wants to see afterwards: tables on two screens, and the differences if any."""

from collections import Counter

from rich.columns import Columns
from rich.console import Group
from rich.table import Table

from services.local.demo.examples import Examples
from services.local.demo.model.expected import Tables

SECTORS = ("Huur", "Energie", "Water", "Zorg")
_GAP = (0, 4)
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
    "MULTIPLE": "two creditors in a month",
    "CONSECUTIVE": "another creditor in six months",
    "SWAP": "one creditor gone, another new",
    "ended: RESULT": "ended by a result",
    "ended: TERM": "ended by their timer",
    "running": "still running",
    "OPEN": "not answered yet",
    "YES": "yes, the same person",
    "NO": "no, somebody else",
}


def report(found: Tables, examples: Examples) -> Group:
    """Return the whole report: 80 columns wide."""
    sections = (
        Columns([_plain("Delivered", found["delivered"]), _plain("Matches", found["matches"])], padding=_GAP),
        _refused(found["refused"]),
        _cases(found, examples),
        Columns(_teams(found["teams"], examples), padding=_GAP),
        Columns(
            [
                _plain("What teams did", found["case status"]),
                _plain("Collection pauses", found["pauses"]),
                _plain("Debt help", found["registrations"]),
            ],
            padding=_GAP,
        ),
        Columns(
            [
                _plain("Daily files", found["files"]),
                _plain("Questions", found["questions"]),
            ],
            padding=_GAP,
        ),
        _feedback(found),
        _askers(found["checks"], examples),
    )
    return Group(*(line for section in sections for line in ("", section)), "")


def differences(wanted: Tables, found: Tables) -> Table | None:
    """Return where the hub and the model differ, None when they agree."""
    table = Table("what", "row", "model", "hub", title="Differences", title_style="bold red")
    for name in sorted(wanted.keys() | found.keys()):
        rows, others = wanted.get(name, Counter()), found.get(name, Counter())
        for row in sorted(rows.keys() | others.keys()):
            if rows[row] != others[row]:
                table.add_row(name, row, str(rows[row]), str(others[row]))
    return table if table.row_count else None


def _plain(title: str, rows: Counter[str]) -> Table:
    table = _table(title, "", "")
    for row, count in rows.most_common():
        table.add_row(WORDS.get(row, row), str(count))
    return table


def _refused(rows: Counter[str]) -> Table:
    table = _table("Refused, by reason (a signal may have several)", "", "", "", "")
    listed = sorted(rows.items())
    half = (len(listed) + 1) // 2
    for number in range(half):
        left, right = listed[number], listed[half + number] if half + number < len(listed) else ("", "")
        table.add_row(left[0], str(left[1]), right[0], str(right[1]))
    return table


def _cases(found: Tables, examples: Examples) -> Table:
    kinds = ("single", "single, consecutive", "multiple", "multiple, consecutive")
    table = _table("Cases by kind (one per address and month)", "", *kinds)
    for party in examples.of_role("gemeente"):
        counts = [found["cases"][f"{party['gemeentecode']} | {kind}"] for kind in kinds]
        if any(counts):
            table.add_row(str(party["naam"]), *map(str, counts))
    return table


def _teams(rows: Counter[str], examples: Examples) -> list[Table]:
    """Return a table for each municipality."""
    tables = []
    for party in examples.of_role("gemeente"):
        own = {team["id"]: str(team["naam"]) for team in examples.teams if team["gemeente"] == party["oin"]}
        if own:
            title = f"Cases in {str(party['naam']).removeprefix('Gemeente ')}"
            tables.append(_plain(title, Counter({name: rows[team] for team, name in own.items()})))
    return tables


def _feedback(found: Tables) -> Table:
    table = _table("What creditors read of their signals", "", *SECTORS)
    statuses = dict.fromkeys(row.partition(" | ")[2] for row in sorted(found["feedback"]))
    for status in statuses:
        counts = [found["feedback"][f"{sector} | {status}"] for sector in SECTORS]
        table.add_row(WORDS.get(status, status), *map(str, counts))
    for answer in ("yes", "no"):
        counts = [found["help accepted"][f"{sector} | {answer}"] for sector in SECTORS]
        table.add_row(f"  help accepted: {answer}", *map(str, counts))
    return table


def _askers(rows: Counter[str], examples: Examples) -> Table:
    answers = ("not known", "known", "told later", "told while crossing", "told of the end")
    columns = ("not known", "known", "later: known", "meanwhile", "later: ended")
    table = _table("What bailiffs and collectors were told", "", *columns)
    collectors = [party for party in examples.parties if party.get("eigenInning")]
    for party in [*examples.of_role("deurwaarder"), *collectors]:
        table.add_row(str(party["naam"]), *(str(rows[f"{party['oin']} | {answer}"]) for answer in answers))
    return table


def _table(title: str, *columns: str) -> Table:
    """Return a table of texts and counts by turns, or of one text and then counts."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        box=None,
        show_header=any(columns),
    )
    for number, column in enumerate(columns):
        count = number % 2 == 1 if not any(columns) else number > 0
        table.add_column(
            column, justify="right" if count else "left", style="cyan" if count else "", no_wrap=True
        )
    return table
