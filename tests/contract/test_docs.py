"""The documents lead somewhere: links to files and headings that are there, names of tests that exist."""

import json
import re
from pathlib import Path

import pytest

from services.common.deliveries import MAX_ATTEMPTS, outcome_of
from services.common.errors import TransientError
from services.local.demo.examples import load_examples
from services.local.demo.invitation import first_signal

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and GitLab make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_something(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    assert sorted(name for name in named if f"def {name}(" not in sources) == []


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
    assert sorted(page.name for page in PAGES if page not in {*linked, index}) == []


def test_the_waits_of_a_webhook_are_told_as_they_are() -> None:
    page = (ROOT / "docs" / "delivery-guarantees.md").read_text()
    [row] = re.findall(r"^\| next one after \| (.*) \|$", page, re.MULTILINE)
    waits = [outcome_of(number, TransientError()).wait for number in range(1, MAX_ATTEMPTS)]
    assert row.split(" | ") == [*(_told(int(wait.total_seconds())) for wait in waits), "given up"]


def test_the_first_signal_of_the_readme_is_the_one_of_the_demo_so_that_neither_refuses_the_other() -> None:
    [body] = re.findall(r"/v1/signalen -d '([^']*)'", (ROOT / "README.md").read_text())
    assert json.loads(body) == first_signal(load_examples())


def _told(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if seconds > 120 else f"{seconds} s"
