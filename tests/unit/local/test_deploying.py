"""For whom `signaalhub topics apply --party` makes topics, before the party is put."""

import pytest

from services.common.catalogue import load_catalogue
from services.common.errors import ConfigurationError
from services.common.events import Role
from services.common.settings import REPOSITORY
from services.local.deploying import Expected, expected

TAXES = "00000099000005001000"
CATALOGUE = load_catalogue(REPOSITORY / "schemas")


@pytest.mark.parametrize(
    ("text", "roles", "collects"),
    [
        ("CREDITOR", (Role.CREDITOR,), False),
        ("creditor, bailiff", (Role.BAILIFF, Role.CREDITOR), False),
        ("COLLECTOR", (), True),
        ("MUNICIPALITY,COLLECTOR", (Role.MUNICIPALITY,), True),
    ],
)
def test_a_party_to_come_has_roles_or_collects_itself_or_both(
    text: str, roles: tuple[Role, ...], collects: bool
) -> None:
    assert expected(f"{TAXES}={text}") == Expected(TAXES, roles, collects)


@pytest.mark.parametrize(
    "text", ["", TAXES, f"{TAXES}=", f"{TAXES}=BAKER", "123=CREDITOR", f"{TAXES[:-1]}٣=CREDITOR"]
)
def test_what_names_no_party_or_no_role_says_how_it_is_written(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"OIN=ROLE.*CREDITOR.*COLLECTOR"):
        expected(text)


def test_a_local_government_that_collects_gets_the_topic_of_what_is_told_after_its_checks() -> None:
    party = expected(f"{TAXES}=COLLECTOR")
    made = CATALOGUE.topics_for(party.oin, party.roles, collects=party.collects)
    assert [topic.name for topic in made] == [f"tenant.{TAXES}.bailiff-matches.v1"]
