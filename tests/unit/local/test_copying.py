import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from services.common.catalogue import load_catalogue
from services.common.codec import Codec
from services.common.errors import ConfigurationError, TransientError
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY, KafkaSettings
from services.local import copying
from services.local.copying import Copied, Loading, _lines, save

RECORD = Copied("parties.v1", 0, b"\x00key", b"\xff\x00value", [("ce_id", b"1"), ("ce_source", b"here")])
SCHEMAS = REPOSITORY / "schemas"
NOWHERE = KafkaSettings(kafka="nowhere:1")
TOMBSTONE = Copied("registrations.v1", 11, b"key", None, [])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(file: Path, *records: Copied) -> bytes:
    packed = gzip.compress(b"".join(msgspec.json.encode(each) + b"\n" for each in records))
    file.write_bytes(packed)
    return packed


def test_a_record_comes_out_as_it_went_in(tmp_path: Path) -> None:
    file = tmp_path / "copy"
    write(file, RECORD, TOMBSTONE)
    assert list(_lines(file)) == [RECORD, TOMBSTONE]


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_copy_that_was_cut_off_is_refused(tmp_path: Path, keep: float) -> None:
    file = tmp_path / "copy"
    packed = write(file, *[RECORD] * 100)
    file.write_bytes(packed[: int(keep * len(packed))])
    with pytest.raises(ConfigurationError, match="not a whole copy"):
        list(_lines(file))


@pytest.mark.parametrize(
    "content", [b"anything", gzip.compress(b'{"topic": "parties.v1"}\n')], ids=["anything", "other records"]
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "copy"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a whole copy"):
        list(_lines(file))


async def test_a_copy_is_read_to_its_end_before_anything_goes_to_kafka(tmp_path: Path) -> None:
    file = tmp_path / "copy"
    packed = write(file, *[RECORD] * 100)
    file.write_bytes(packed[: len(packed) // 2])
    released = Released(SCHEMAS)
    loading = Loading(
        NOWHERE, load_catalogue(SCHEMAS), Codec(released, RepositoryRegistry(released)), "no database", 1
    )
    with pytest.raises(ConfigurationError, match="not a whole copy"):
        await loading.run(file)


async def breaking_off(*_: object) -> AsyncIterator[Copied]:
    yield RECORD
    raise TransientError


async def whole(*_: object) -> AsyncIterator[Copied]:
    yield RECORD


async def test_a_copy_that_breaks_off_leaves_the_one_of_yesterday_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "copy"
    yesterday = write(file, RECORD, TOMBSTONE)
    monkeypatch.setattr(copying, "_records", breaking_off)
    with pytest.raises(TransientError):
        await save(NOWHERE, load_catalogue(SCHEMAS), file)
    assert contents(tmp_path) == {"copy": yesterday}


async def test_a_copy_is_for_its_owner_alone_as_the_disks_of_the_brokers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_records", whole)
    await save(NOWHERE, load_catalogue(SCHEMAS), tmp_path / "copy")
    assert oct((tmp_path / "copy").stat().st_mode & 0o777) == "0o600"
    assert list(_lines(tmp_path / "copy")) == [RECORD]


async def test_a_place_for_a_copy_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="could not be written: No such file or directory"):
        await save(NOWHERE, load_catalogue(SCHEMAS), tmp_path / "nowhere" / "copy")
