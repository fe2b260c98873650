"""Pseudonyms are HMAC-SHA-256: another one would no longer meet what is on the topics already."""

import hmac
from collections.abc import Callable

import pytest

from services.common.pseudonyms import Pseudonyms

KEY = bytes(range(32))
Digest = Callable[[Pseudonyms], str]


@pytest.mark.parametrize(
    ("digest", "text", "length"),
    [
        (lambda p: p.household("1234AB", 12), b"household\x001234AB12", 32),
        (lambda p: p.person("999990019"), b"person\x00999990019", 32),
        (lambda p: p.unit("A BIS"), b"unit\x00A BIS", 16),
        (lambda p: p.evidence("SURNAME", "jansen"), b"SURNAME\x00jansen", 16),
        (lambda p: p.content(b"{}"), b"content\x00{}", 64),
    ],
    ids=["household", "person", "unit", "evidence", "content"],
)
def test_a_pseudonym_is_the_first_part_of_an_hmac_of_its_kind_and_value(
    digest: Digest, text: bytes, length: int
) -> None:
    expected = hmac.digest(KEY, text, "sha256").hex()[:length]
    pseudonyms = Pseudonyms(KEY)
    assert [digest(pseudonyms), digest(pseudonyms)] == [expected, expected]


def test_an_address_without_an_addition_has_no_digest_of_it() -> None:
    assert not Pseudonyms(KEY).unit("")
