from pathlib import Path

from services.local.demo.invitation import beside


def test_the_signal_to_be_sent_is_not_in_the_folder_that_is_searched_for_leaks() -> None:
    folder = Path("/somewhere/.signaalhub-demo")
    assert not beside(folder).is_relative_to(folder)
    assert beside(folder).match(".signaalhub*")  # what git ignores and `make clean` removes
