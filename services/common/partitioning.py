"""Which partition a record belongs to: Kafka's own murmur2, on the part of the key before the first slash."""

from functools import lru_cache

from aiokafka.partitioner import murmur2

from services.common.records import partition_key


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a record key: what a Java producer computes for `partition_key(key)`."""
    return _hash(partition_key(key)) % partitions


@lru_cache(maxsize=1 << 16)  # murmur2 is plain Python; households and creditors come back
def _hash(part: str) -> int:
    found: int = murmur2(part.encode()) & 0x7FFFFFFF
    return found
