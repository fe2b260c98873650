"""Rows of a delivery: the same however the bytes are cut, and a broken one alone is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.reasons import Problem, Reason
from services.ingest.rows import LONGEST_LINE, BadHeaderError, CsvLines, JsonLines, Lines, parsed

HEAD = "kenmerk;gemeentecode;signaalpartner;bedragInCenten;ontstaansdatum;signaaldatum;postcode;huisnummer"


def lines_of(*chunks: bytes) -> list[tuple[int, bytes | None]]:
    lines = Lines()
    return [line for chunk in chunks for line in lines.feed(chunk)] + list(lines.end())


@given(st.lists(st.binary(max_size=20)), st.data())
def test_lines_do_not_depend_on_how_the_bytes_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert lines_of(*chunks) == lines_of(whole)


def test_empty_lines_are_left_out_and_numbers_are_those_of_the_file() -> None:
    assert lines_of(b"\xef\xbb\xbfa\r\n\r\n", b" b") == [(1, b"a"), (3, b"b")]


def test_a_line_that_is_too_long_is_one_line_without_content() -> None:
    long = b"x" * LONGEST_LINE
    assert lines_of(b"a\n", long, long, long + b"\nb\n") == [(1, b"a"), (2, None), (3, b"b")]
    assert lines_of(long + b"x") == [(1, None)]


def test_a_json_line_that_is_none_is_a_row_without_a_message() -> None:
    rows = list(JsonLines().rows([(1, b'{"a": 1}'), (2, b"{"), (3, None)]))
    assert [(row.number, row.raw) for row in rows] == [(1, {"a": 1}), (2, None), (3, None)]


@given(st.binary(max_size=40))
def test_any_bytes_are_parsed_or_nothing(content: bytes) -> None:
    parsed(content)


def test_a_broken_row_of_csv_leaves_its_neighbours_alone() -> None:
    cells = "H-1;0363;Huur;1;2026-01-01;2026-03-09;1234AB;1"
    texts = [HEAD, cells, '"H-1;0363', cells[:-2], cells]
    lines = [(number, text.encode()) for number, text in enumerate(texts, 1)] + [(6, b"\xff;\xfe")]
    assert [row.raw is not None for row in CsvLines().rows(lines)] == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (HEAD + ";naam", Reason.FIELD_UNKNOWN),
        (HEAD + ";kenmerk", Reason.FIELD_INVALID),
        ("kenmerk", Reason.FIELD_MISSING),
        ('"', Reason.UNREADABLE),
    ],
)
def test_a_head_that_does_not_name_the_columns_ends_the_delivery(head: str, reason: Reason) -> None:
    with pytest.raises(BadHeaderError) as found:
        list(CsvLines().rows([(1, head.encode())]))
    assert reason in {problem.reason for problem in found.value.problems}


def test_a_first_row_of_data_is_no_head_and_is_not_repeated() -> None:
    with pytest.raises(BadHeaderError) as found:
        list(CsvLines().rows([(1, b"H-1;0363;Huur;Jansen;999990019")]))
    assert found.value.problems == (Problem(Reason.UNREADABLE),)


def test_a_column_whose_name_is_no_name_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadHeaderError) as found:
        list(CsvLines().rows([(1, f"{HEAD};bewoner@example.org".encode())]))
    assert found.value.problems == (Problem(Reason.FIELD_UNKNOWN, "?"),)
