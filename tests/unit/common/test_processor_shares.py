"""Shares: which partitions go together, and to whom."""

from collections import Counter
from collections.abc import Mapping

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from hypothesis import given
from hypothesis import strategies as st

from services.common.processor.shares import assignor, share_of, whole_shares

COUNTS = st.integers(1, 24)
TOPICS = ["a.v1", "b.v1"]


class Cluster:
    """As much of it as an assignor asks."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self._partitions))


def assigned(partitions: int, shares: int, members: int) -> Mapping[str, Mapping[str, list[int]]]:
    joined = {f"m{n}": ConsumerProtocolMemberMetadata(0, TOPICS, b"") for n in range(members)}
    found = assignor(shares).assign(Cluster(partitions), joined)
    return {member: dict(each.assignment) for member, each in found.items()}


@given(COUNTS, COUNTS)
def test_a_share_is_a_row_of_neighbours_and_none_is_empty(partitions: int, shares: int) -> None:
    found = [share_of(partition, partitions, shares) for partition in range(partitions)]
    assert found == sorted(found)
    assert set(found) == set(range(min(shares, partitions)))
    sizes = Counter(found).values()
    assert max(sizes) - min(sizes) <= 1


@given(COUNTS, COUNTS, st.integers(1, 5))
def test_every_partition_of_every_topic_goes_to_one_member_with_all_its_share(
    partitions: int, shares: int, members: int
) -> None:
    found = assigned(partitions, shares, members)
    given_out = [partition for each in found.values() for partition in each.get("a.v1", [])]
    assert sorted(given_out) == list(range(partitions))
    for each in found.values():
        mine = each.get("a.v1", [])
        assert each.get("b.v1", []) == mine
        whole, torn = whole_shares(mine, partitions, shares)
        assert sorted(number for share in whole.values() for number in share) == mine
        assert torn == []


@given(COUNTS, COUNTS, st.integers(1, 5))
def test_no_member_has_two_shares_more_than_another(partitions: int, shares: int, members: int) -> None:
    found = assigned(partitions, shares, members)
    counts = [len(whole_shares(each.get("a.v1", []), partitions, shares)[0]) for each in found.values()]
    assert max(counts) - min(counts) <= 1


def test_a_share_of_which_a_partition_is_somebody_elses_is_not_whole() -> None:
    assert whole_shares([0, 1, 2, 4], 6, 2) == ({0: [0, 1, 2]}, [4])
    assert whole_shares([0, 1, 2, 4], 6, 12) == ({0: [0], 1: [1], 2: [2], 4: [4]}, [])


def test_members_that_cut_in_another_way_do_not_join_one_group() -> None:
    assert assignor(3).name != assignor(4).name
