import json
from pathlib import Path

import pytest

from services.common.errors import ConfigurationError
from services.local.folder import opened


def test_a_folder_is_used_again_by_the_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path / "data") as folder:
            assert folder.path == tmp_path / "data"


def test_a_second_user_of_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "data"),
        pytest.raises(ConfigurationError, match="in use by another `signaalhub up`"),
        opened(tmp_path / "data"),
    ):
        pass


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("photos")
    with pytest.raises(ConfigurationError, match="holds something else"), opened(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.txt"]


def test_a_folder_of_another_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    (tmp_path / "signaalhub.json").write_text(json.dumps({"layout": 1, "kafka": "3.9.0", "postgres": 16}))
    with (
        pytest.raises(ConfigurationError, match=r"kafka 3\.9\.0, postgres 16; this one is .*4\.3\.0"),
        opened(tmp_path),
    ):
        pass


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="is a file"), opened(tmp_path / "file"):
        pass


@pytest.mark.parametrize("content", ["", "[1]", "5"])
def test_a_folder_that_does_not_say_what_made_it_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "signaalhub.json").write_text(content)
    with pytest.raises(ConfigurationError, match="does not say what made"), opened(tmp_path):
        pass


def test_a_start_that_ended_while_it_marked_its_folder_does_not_keep_the_next_one_out(tmp_path: Path) -> None:
    (tmp_path / "signaalhub.new").write_text("{")
    with opened(tmp_path):
        assert json.loads((tmp_path / "signaalhub.json").read_text())["layout"] == 1


def test_a_place_where_no_folder_can_be_made_is_one_line() -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"), opened(Path("/proc/nowhere")):
        pass
