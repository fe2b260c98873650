"""A local government that collects itself, as a party."""

import pytest

from services.common.catalogue import load_catalogue
from services.common.settings import REPOSITORY
from services.ingest.domain.masterdata import read_party
from services.ingest.domain.reasons import Reason

OIN = "00000099000000008001"


def test_who_collects_itself_needs_no_other_role() -> None:
    party, problems = read_party(
        OIN, {"naam": "Waterschap", "rollen": [], "eigenInning": True}, lambda _: None
    )
    assert problems == ()
    assert party is not None
    assert (party.roles, party.collects, party.active) == ((), True, True)


@pytest.mark.parametrize("changes", [{}, {"eigenInning": False}])
def test_who_has_no_role_and_does_not_collect_is_no_party(changes: dict[str, bool]) -> None:
    party, problems = read_party(OIN, {"naam": "Waterschap", "rollen": [], **changes}, lambda _: None)
    assert party is None
    assert [(each.reason, each.field) for each in problems] == [(Reason.FIELD_MISSING, "rollen")]


def test_who_collects_gets_the_topic_of_what_is_told_after_its_checks_and_no_other() -> None:
    catalogue = load_catalogue(REPOSITORY / "schemas")
    own = {each.name for each in catalogue.topics_for(OIN, (), collects=True)}
    assert own == {f"tenant.{OIN}.bailiff-matches.v1"}
    assert catalogue.topics_for(OIN, ()) == []
