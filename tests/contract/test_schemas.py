"""schemas/*.avsc is the truth; the dataclasses say exactly the same, and a released version never changes."""

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from services.common.events import SUBJECTS
from services.common.registry import Released
from services.common.settings import REPOSITORY

SCHEMAS = REPOSITORY / "schemas"
RELEASED = Released(SCHEMAS)
PRIMITIVES: dict[type, Any] = {
    str: "string",
    bool: "boolean",
    bytes: "bytes",
    date: {"type": "int", "logicalType": "date"},
    datetime: {"type": "long", "logicalType": "timestamp-millis"},
}
INTEGERS = ("int", "long")


def avsc_files() -> list[Path]:
    return sorted(SCHEMAS.glob("*/v*.avsc"))


def test_every_subject_has_a_schema_and_every_schema_a_record_type() -> None:
    assert {path.parent.name for path in avsc_files()} == set(SUBJECTS)


def test_every_released_version_has_exactly_one_id_and_no_id_is_used_twice() -> None:
    listed = yaml.safe_load((SCHEMAS / "ids.yaml").read_text())
    assert {(s, v) for s, versions in listed.items() for v in versions} == {
        (path.parent.name, int(path.stem[1:])) for path in avsc_files()
    }
    ids = [i for versions in listed.values() for i in versions.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_versions_are_one_to_n(subject: str) -> None:
    assert list(RELEASED.versions(subject)) == list(range(1, len(RELEASED.versions(subject)) + 1))


def test_a_released_version_never_changes() -> None:
    """schemas/released.sha256 gets a line when a version is released, and keeps it."""
    lines = (SCHEMAS / "released.sha256").read_text().splitlines()
    kept = {name: digest for digest, name in (line.split() for line in lines)}
    found = {str(p.relative_to(SCHEMAS)): sha256(p.read_bytes()).hexdigest() for p in avsc_files()}
    assert found == kept


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_dataclass_and_newest_schema_are_the_same(subject: str) -> None:
    schema = RELEASED.latest(subject).schema
    same_record(SUBJECTS[subject], schema, Names(schema))


class Names:
    """Named types of a schema, by name."""

    def __init__(self, schema: Any) -> None:
        self.found: dict[str, Any] = {}
        self._collect(schema)

    def _collect(self, node: Any) -> None:
        if isinstance(node, dict):
            if "name" in node and node.get("type") in ("record", "enum"):
                self.found[node["name"]] = node
            for value in node.values():
                self._collect(value)
        elif isinstance(node, list):
            for value in node:
                self._collect(value)


def same_record(record: type, schema: Any, names: Names) -> None:
    assert schema["name"] == record.__name__
    hints = typing.get_type_hints(record)
    fields = dataclasses.fields(record)
    assert [f["name"] for f in schema["fields"]] == [f.name for f in fields]
    for field, described in zip(fields, schema["fields"], strict=True):
        assert described["doc"], f"{record.__name__}.{field.name} is not described"
        same_type(hints[field.name], described["type"], names)
        has_default = field.default is not dataclasses.MISSING
        assert has_default == ("default" in described), f"{record.__name__}.{field.name}: default"


def same_type(hint: Any, described: Any, names: Names) -> None:
    origin = typing.get_origin(hint)
    if origin in {typing.Union, types.UnionType}:
        (inner,) = [a for a in typing.get_args(hint) if a is not type(None)]
        assert described[0] == "null"
        assert len(described) == 2
        same_type(inner, described[1], names)
    elif origin is tuple:
        assert described["type"] == "array"
        same_type(typing.get_args(hint)[0], described["items"], names)
    elif hint is int:
        assert described in INTEGERS
    elif hint in PRIMITIVES:
        assert described == PRIMITIVES[hint]
    else:
        named = names.found[described] if isinstance(described, str) else described
        same_named(hint, named, names)


def same_named(hint: type, named: Any, names: Names) -> None:
    if issubclass(hint, StrEnum):
        assert named["type"] == "enum"
        assert named["name"] == hint.__name__
        assert named["symbols"] == [member.value for member in hint]
    else:
        same_record(hint, named, names)


def pairs() -> Iterator[Any]:
    """Every pair of versions of a subject, in both directions: full transitive compatibility."""
    for subject in sorted(SUBJECTS):
        versions = RELEASED.versions(subject)
        for reader in versions.values():
            for writer in versions.values():
                yield pytest.param(
                    reader.schema, writer.schema, id=f"{subject}-v{reader.version}-reads-v{writer.version}"
                )


@pytest.mark.parametrize(("reader", "writer"), list(pairs()))
def test_every_version_reads_every_other_version(reader: Any, writer: Any) -> None:
    assert compatible(reader, writer)


def compatible(reader: Any, writer: Any) -> bool:
    checker: Any = ReaderWriterCompatibilityChecker  # the avro package has no annotations here
    result = checker().get_compatibility(parse(json.dumps(reader)), parse(json.dumps(writer)))
    return bool(result.compatibility is SchemaCompatibilityType.compatible)


def test_the_check_catches_a_new_field_without_default() -> None:
    old = RELEASED.latest("policies").schema
    new = {**old, "fields": [*old["fields"], {"name": "new", "type": "int"}]}
    assert not compatible(reader=new, writer=old)
    assert compatible(reader=old, writer=new)


def test_the_check_passes_a_new_optional_field() -> None:
    old = RELEASED.latest("policies").schema
    new = {**old, "fields": [*old["fields"], {"name": "new", "type": ["null", "int"], "default": None}]}
    assert compatible(reader=new, writer=old)
    assert compatible(reader=old, writer=new)
