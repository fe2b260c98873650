"""Every log call of the product, found in its source."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
_NO_FIELDS = {"exc_info"}  # becomes `exception`, see log.py


class LogCall(NamedTuple):
    """One call: the event's name, its level, the fields it binds, and the file (from the root)."""

    event: str
    level: str
    fields: frozenset[str]
    path: str


class UnreadableCallError(Exception):
    """A logger is used in a way that this reader, and so the document, cannot follow."""


def product_calls() -> list[LogCall]:
    """Return the log calls of all services."""
    paths = sorted((ROOT / "services").rglob("*.py"))
    return [call for path in paths for call in calls_of(path.read_text(), path.relative_to(ROOT).as_posix())]


def calls_of(source: str, path: str) -> list[LogCall]:
    """Return the log calls of a module; `UnreadableCallError` for a name or field made at run time."""
    tree = ast.parse(source)
    bound = _loggers(tree)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _text(node.func.value) in bound
    ]
    _refuse_others(tree, bound, calls, path)
    return [_read(call, bound, _dicts(tree), path) for call in calls if _method(call) != "bind"]


def _loggers(tree: ast.AST) -> dict[str, frozenset[str]]:
    """Return what a module calls its loggers, with the fields that each has bound."""
    found: dict[str, frozenset[str]] = {}
    for target, value in _assignments(tree):
        if isinstance(value, ast.Call) and _text(value.func) == "structlog.get_logger":
            found[_text(target)] = frozenset()
    for target, value in _assignments(tree):
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr == "bind"
        ):
            fields = frozenset(each.arg for each in value.keywords if each.arg)
            if (base := found.get(_text(value.func.value))) is not None:
                found[_text(target)] = base | fields
    return found


def _assignments(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)


def _dicts(tree: ast.AST) -> dict[str, frozenset[str]]:
    """Return the keys of dicts that are written out, by the name they are assigned to."""
    return {
        _text(target): frozenset(str(key.value) for key in value.keys if isinstance(key, ast.Constant))
        for target, value in _assignments(tree)
        if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys)
    }


def _refuse_others(tree: ast.AST, bound: Iterable[str], calls: Iterable[ast.Call], path: str) -> None:
    known = {id(call.func.value) for call in calls if isinstance(call.func, ast.Attribute)}
    names = set(bound)
    for node in ast.walk(tree):
        use = isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
        if use and _text(node) in names and id(node) not in known:
            raise UnreadableCallError(
                f"{path}:{getattr(node, 'lineno', 0)}: call a method of the logger directly"
            )


def _read(
    call: ast.Call, bound: dict[str, frozenset[str]], dicts: dict[str, frozenset[str]], path: str
) -> LogCall:
    where, method = f"{path}:{call.lineno}", _method(call)
    if method not in LEVELS:
        raise UnreadableCallError(f"{where}: {method} is no level")
    name = call.args[0] if len(call.args) == 1 else None
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        raise UnreadableCallError(f"{where}: the name of an event is one literal text")
    fields = set(bound[_text(call.func.value)]) if isinstance(call.func, ast.Attribute) else set()
    for keyword in call.keywords:
        if keyword.arg is None and _text(keyword.value) not in dicts:
            raise UnreadableCallError(f"{where}: fields are written out")
        fields |= dicts[_text(keyword.value)] if keyword.arg is None else {keyword.arg}
    return LogCall(name.value, LEVELS[method], frozenset(fields - _NO_FIELDS), path)


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.AST) -> str:
    return ast.unparse(node)
