import gzip
from pathlib import Path

import msgspec
import pytest

from services.common.errors import ConfigurationError
from services.local.copying import Copied, _lines

RECORD = Copied("parties.v1", 0, b"\x00key", b"\xff\x00value", [("ce_id", b"1"), ("ce_source", b"here")])
TOMBSTONE = Copied("registrations.v1", 11, b"key", None, [])


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
