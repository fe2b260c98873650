"""Which partitions of a processor go together: to one process, in one transaction under one id.

A transaction costs broker and client some 10 ms of CPU, whatever is in it. A process that has all partitions
of a group needs one where each partition by itself would need twelve.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


def share_of(partition: int, partitions: int, shares: int) -> int:
    """Return the share of a partition, of so many: neighbours go together, and no share is empty."""
    return partition * min(shares, partitions) // partitions


def whole_shares(
    owned: Iterable[int], partitions: int, shares: int
) -> tuple[dict[int, list[int]], list[int]]:
    """Return share -> its partitions, of those that are owned whole, and the partitions of the others."""
    every, found = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for partition in range(partitions):
        every[share_of(partition, partitions, shares)].append(partition)
    for partition in sorted(owned):
        found[share_of(partition, partitions, shares)].append(partition)
    whole = {share: mine for share, mine in found.items() if mine == every[share]}
    return whole, [partition for share, mine in found.items() if share not in whole for partition in mine]


def assignor(shares: int) -> type[RangePartitionAssignor]:
    """Return the group's assignor: whole shares to members in their order, the same in every topic.

    Its name holds the number: the broker refuses a member that cuts the partitions in another way.
    """

    class Shares(RangePartitionAssignor):  # type: ignore[misc] # aiokafka has no types
        name = f"shares-{shares}"

        @classmethod
        def assign(
            cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
        ) -> dict[str, ConsumerProtocolMemberAssignment]:
            found = {member: defaultdict[str, list[int]](list) for member in members}
            for topic in {topic for each in members.values() for topic in each.subscription}:
                ready = sorted(member for member, each in members.items() if topic in each.subscription)
                for partition, index in _places(len(cluster.partitions_for_topic(topic) or ()), len(ready)):
                    found[ready[index]][topic].append(partition)
            return {
                member: ConsumerProtocolMemberAssignment(cls.version, sorted(each.items()), b"")
                for member, each in found.items()
            }

    def _places(partitions: int, members: int) -> Iterable[tuple[int, int]]:
        for partition in range(partitions):
            share = share_of(partition, partitions, shares)
            yield partition, share * members // min(shares, partitions)

    return Shares
