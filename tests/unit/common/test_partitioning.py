import pytest

from services.common.partitioning import partition_of


@pytest.mark.parametrize(
    ("key", "signed_hash"),
    [  # org.apache.kafka.common.utils.UtilsTest.testMurmur2
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_a_key_has_the_partition_that_kafkas_own_test_vectors_give(key: str, signed_hash: int) -> None:
    for partitions in (1, 4, 12, 2**31):
        assert partition_of(key, partitions) == (signed_hash & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize("key", ["household/registration", "household/", "household/a/b"])
def test_only_the_part_before_the_first_slash_counts(key: str) -> None:
    assert partition_of(key, 12) == partition_of("household", 12)
