"""Every record type has examples, and each survives the wire unchanged."""

from datetime import UTC, date, datetime
from pathlib import Path

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common import cloudevents
from services.common.codec import PREFIX, Codec
from services.common.errors import ContractError
from services.common.events import SUBJECTS, Event, Policy
from services.common.records import Meta
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY

SCHEMAS = REPOSITORY / "schemas"
FILES = sorted((SCHEMAS / "examples").glob("*/v*/*.json"))


def example(path: Path) -> Event:
    event: Event = msgspec.json.decode(path.read_bytes(), type=SUBJECTS[path.parents[1].name])
    return event


@pytest.fixture(scope="module")
async def codec() -> Codec:
    released = Released(SCHEMAS)
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    return codec


def test_every_subject_has_an_example() -> None:
    assert {path.parents[1].name for path in FILES} == set(SUBJECTS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parents[1].name}/{p.stem}")
def test_an_example_survives_the_wire(path: Path, codec: Codec) -> None:
    event = example(path)
    assert codec.decode(codec.encode(event), path.parents[1].name) == event


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parents[1].name}/{p.stem}")
def test_an_example_is_valid_avro_for_a_strict_writer(path: Path) -> None:
    subject = path.parents[1].name
    schema = fastavro.parse_schema(Released(SCHEMAS).latest(subject).schema)
    content = msgspec.to_builtins(example(path), builtin_types=(bytes, date, datetime))
    assert fastavro.validate(content, schema, strict=True)


BROKEN = {
    "empty": b"",
    "text": b"not a record at all",
    "other magic byte": b"\1\0\0\0\1xxxx",
    "unknown schema id": PREFIX.pack(0, 4_000_000) + b"xxxx",
    "another subject's record": PREFIX.pack(0, 1) + b"xxxx",
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_bytes_that_are_no_record_of_the_subject_are_a_contract_error(value: bytes, codec: Codec) -> None:
    with pytest.raises(ContractError):
        codec.decode(value, "policies")


def test_a_cut_or_prolonged_record_is_a_contract_error(codec: Codec) -> None:
    value = codec.encode(Policy(municipality="00000099000000000363", pause_days=30))
    for broken in (value[:-1], value[:8], value + b"\0"):
        with pytest.raises(ContractError):
            codec.decode(broken, "policies")


@given(rest=st.binary(max_size=200))
def test_decoding_any_bytes_gives_an_event_or_a_contract_error(rest: bytes, codec: Codec) -> None:
    for subject, schema_id in (("signals", 1), ("cases", 7), ("policies", 17)):
        try:
            codec.decode(PREFIX.pack(0, schema_id) + rest, subject)
        except ContractError:
            continue


META = Meta(
    id="3c9c5c4e-0000-4000-8000-000000000000",
    source=cloudevents.source_of("00000099000000000001", "ingest"),
    type=cloudevents.type_of("signals", "accepted"),
    time=datetime(2026, 3, 25, 11, 0, 0, 123000, tzinfo=UTC),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def test_cloudevents_attributes_survive_the_headers() -> None:
    assert cloudevents.read(cloudevents.headers(META)) == META


def test_the_headers_are_those_of_the_nl_gov_profile() -> None:
    found = dict(cloudevents.headers(META))
    assert found["ce_specversion"] == b"1.0"
    assert found["ce_source"] == b"urn:nld:oin:00000099000000000001:systeem:ingest"
    assert found["ce_type"] == b"nl.signaalhub.signals.accepted"
    assert found["ce_time"] == b"2026-03-25T11:00:00.123Z"
    assert found["content-type"] == b"application/avro"
    assert "ce_datacontenttype" not in found
    assert "ce_subject" not in found


@pytest.mark.parametrize("missing", ["ce_id", "ce_source", "ce_type", "ce_time"])
def test_a_missing_attribute_is_a_contract_error(missing: str) -> None:
    with pytest.raises(ContractError, match=missing):
        cloudevents.read([h for h in cloudevents.headers(META) if h[0] != missing])
    with pytest.raises(ContractError, match=f"header {missing} is missing"):
        cloudevents.read(
            [(name, None if name == missing else value) for name, value in cloudevents.headers(META)]
        )


@pytest.mark.parametrize("time", [b"yesterday", b"2026-03-25T11:00:00", b"\xff\xfe"])
def test_a_time_without_offset_or_sense_is_a_contract_error(time: bytes) -> None:
    with pytest.raises(ContractError):
        cloudevents.read([*[h for h in cloudevents.headers(META) if h[0] != "ce_time"], ("ce_time", time)])
