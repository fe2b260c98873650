import subprocess
import sys

import pytest

pytestmark = [pytest.mark.real, pytest.mark.crash, pytest.mark.timeout(900)]
BENCH = [sys.executable, "-m", "services.local.bench"]
TITLES = "abcdefghijkl"


def test_a_small_run_of_every_benchmark_measures_and_counts_right() -> None:
    done = subprocess.run([*BENCH, "all", "--scale", "0.01"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [letter for letter in TITLES if f"({letter}) " not in done.stdout] == []


def test_a_letter_that_does_not_exist_gets_one_clear_line() -> None:
    done = subprocess.run([*BENCH, "z"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no benchmark z; choose from a b k c g d f e h i j l, or all" in done.stderr
