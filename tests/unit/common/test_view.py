from hypothesis import given
from hypothesis import strategies as st

from services.common.view import Content

parts = st.sampled_from("abc")
changes = st.lists(st.tuples(parts, parts, st.none() | st.integers(0, 9)))


@given(changes)
def test_whatever_is_put_and_forgotten_the_latest_of_each_key_is_found_under_its_first_part(
    changes: list[tuple[str, str, int | None]],
) -> None:
    content: Content[int] = Content()
    expected: dict[str, dict[str, int]] = {}
    for first, rest, value in changes:
        content.put(f"{first}/{rest}", value)
        expected.setdefault(first, {}).pop(rest, None)
        if value is not None:
            expected[first][rest] = value
    for first in "abc":
        assert content.under(first) == expected.get(first, {})
    values = [value for found in expected.values() for value in found.values()]
    assert sorted(content.values()) == sorted(values)
    assert len(content) == len(values)


def test_a_key_without_a_slash_has_an_empty_rest() -> None:
    content: Content[int] = Content()
    content.put("party", 1)
    assert content.under("party") == {"": 1}
