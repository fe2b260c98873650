"""docs/log-events.md and the code tell of the same log events, and none binds anything personal."""

import re
from collections import defaultdict
from typing import NamedTuple

import pytest

from tests.contract.log_calls import ROOT, LogCall, UnreadableCallError, calls_of, product_calls

PAGE = ROOT / "docs" / "log-events.md"
CALLS = product_calls()
PERSONAL = {
    *("bsn", "name", "surname", "initials", "prefix", "birth", "address", "postcode", "street", "number"),
    *(
        "letter",
        "addition",
        "email",
        "phone",
        "contact",
        "contacts",
        "amount",
        "customer",
        "reference",
        "kenmerk",
    ),
    *(
        "dossier",
        "personal",
        "value",
        "body",
        "payload",
        "content",
        "headers",
        "token",
        "query",
        "path",
        "url",
    ),
}
"""Words of a field that would hold, or could quote, something of a resident."""
IRREGULAR = {"lost", "sent", "taken", "broken", "caught", "given", "begun", "made", "overtaken", "forgotten"}


class Described(NamedTuple):
    """An event as the page has it, or as the code has it: all its levels, fields and files together."""

    levels: frozenset[str]
    fields: frozenset[str]
    paths: frozenset[str]


def in_code() -> dict[str, Described]:
    found: dict[str, list[LogCall]] = defaultdict(list)
    for call in CALLS:
        found[call.event].append(call)
    return {
        event: Described(
            frozenset(call.level for call in calls),
            frozenset(field for call in calls for field in call.fields),
            frozenset(call.path for call in calls),
        )
        for event, calls in found.items()
    }


def on_page() -> dict[str, Described]:
    """Read the rows `| `event` | levels | links to files | fields | ... |`."""
    rows = [
        line.split(" | ") for line in PAGE.read_text().splitlines() if re.match(r"\| `[a-z_]+` \| ", line)
    ]
    table = [row for row in rows if len(row) == 6]
    names = [row[0].strip("| `") for row in table]
    assert len(names) == len(set(names)), "an event has one row"
    return {
        name: Described(
            frozenset(row[1].split(", ")),
            frozenset(re.findall(r"`(\w+)`", row[3])),
            frozenset(re.findall(r"\(\.\./([^)]+)\)", row[2])),
        )
        for name, row in zip(names, table, strict=True)
    }


def fields_on_page() -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \| [^|]+\|$", PAGE.read_text(), re.MULTILINE))


def test_there_are_events() -> None:
    assert len(CALLS) > 20


def test_every_event_of_the_code_is_described_and_every_described_event_is_in_the_code() -> None:
    described = on_page()
    foreign = described.pop("library_logged")  # made by log.py of what a library says
    assert foreign.paths == {"services/common/log.py"}
    assert '"event": "library_logged"' in (ROOT / "services/common/log.py").read_text()
    assert described.keys() == in_code().keys()


@pytest.mark.parametrize("event", sorted(in_code()))
def test_levels_fields_and_files_of_an_event_are_described_as_they_are(event: str) -> None:
    assert on_page()[event] == in_code()[event]


@pytest.mark.parametrize("event", sorted(in_code()))
def test_an_event_has_a_name_in_snake_case_that_says_what_happened(event: str) -> None:
    words = event.split("_")
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", event)
    assert any(word.endswith("ed") or word in IRREGULAR for word in words)


def test_every_field_is_explained_and_nothing_else() -> None:
    used = {field for call in CALLS for field in call.fields}
    assert (
        fields_on_page()
        - {"service", "replica", "timestamp", "level", "exception", "logger", "message", "trace_id"}
        == used
    )


def test_no_event_binds_anything_personal() -> None:
    bound = {(call.path, field) for call in CALLS for field in call.fields}
    assert [(path, field) for path, field in bound if PERSONAL & set(field.split("_"))] == []


def test_the_reader_follows_bound_fields_and_dicts() -> None:
    source = """
log = structlog.get_logger()
class Part:
    def __init__(self):
        self._log = log.bind(part="x")
    def work(self):
        place = {"topic": 1, "offset": 2}
        self._log.warning("part_stopped", **place, reason="r", exc_info=error)
        log.exception("part_failed")
"""
    assert calls_of(source, "part.py") == [
        LogCall("part_stopped", "warning", frozenset({"part", "topic", "offset", "reason"}), "part.py"),
        LogCall("part_failed", "error", frozenset(), "part.py"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "log.info(name)",
        "log.info(f'part_{x}ed')",
        "log.info('part_started', **fields)",
        "log.info('part %s', x)",
        "log.debug('part_started')",
        "tell = log.info if x else log.error",
        "tell(log)",
    ],
)
def test_the_reader_refuses_what_it_cannot_follow(line: str) -> None:
    with pytest.raises(UnreadableCallError):
        calls_of(f"log = structlog.get_logger()\n{line}\n", "part.py")
