"""The picture in schemas/README.md is the catalogue's."""

from services.common.catalogue import load_catalogue
from services.local.picture import README, generated, renewed


def test_the_readme_shows_the_topics_of_the_catalogue() -> None:
    assert generated(load_catalogue(README.parent)) in README.read_text(), "run `make picture`"


def test_renewing_leaves_the_rest_of_the_readme_alone() -> None:
    text = README.read_text()
    assert renewed(text, load_catalogue(README.parent)) == text
