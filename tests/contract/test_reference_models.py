"""What the crash tests compare the hub with was not made from the hub."""

import ast
import sys
from pathlib import Path

import pytest

from services.common.catalogue import load_catalogue
from services.common.settings import REPOSITORY
from tests.real.crash.projected import CHECKS

CRASH = "tests.real.crash"
MAY_IMPORT = {
    f"{CRASH}.history": set[str](),
    f"{CRASH}.model": {f"{CRASH}.history"},
    f"{CRASH}.forms": {f"{CRASH}.history", "tests.real.hub.town"},
}
"""The reference model, what it reads, and how ids and teams are named for it."""


def imported_by(module: str) -> set[str]:
    """Return what a module imports anywhere in it, in whatever way."""
    tree = ast.parse(path_of(module).read_text())
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative import"
            found |= {
                whole if path_of(whole).exists() else str(node.module)
                for whole in (f"{node.module}.{name.name}" for name in node.names)
            }
    return found


def path_of(module: str) -> Path:
    return REPOSITORY / f"{module.replace('.', '/')}.py"


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_the_reference_model_knows_the_standard_library_and_itself(module: str) -> None:
    own = {each for each in imported_by(module) if each.partition(".")[0] not in sys.stdlib_module_names}
    assert own == MAY_IMPORT[module]
    assert imported_by(module) & {"importlib", "runpy", "builtins"} == set()


def test_nothing_behind_the_reference_model_is_of_the_services() -> None:
    seen, left = set[str](), list(MAY_IMPORT)
    while left:
        module = left.pop()
        seen.add(module)
        assert [each for each in imported_by(module) if each.partition(".")[0] == "services"] == [], module
        left += [each for each in imported_by(module) - seen if each.startswith("tests.")]
    assert seen == {*MAY_IMPORT, "tests.real.hub.town"}


def test_every_projection_is_compared_with_its_topics_after_a_crash_test() -> None:
    named = {spec.name for spec in load_catalogue(REPOSITORY / "schemas").projections}
    assert CHECKS.keys() == named
