"""Rows of a delivery: the same however the bytes are cut, and a broken one alone is broken."""

import tracemalloc
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.lines import LONGEST_LINE, Lines
from services.ingest.rows import batches, csv_rows, json_rows, parsed


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
    assert lines_of(b"a\r\n\r\n", b" b") == [(1, b"a"), (3, b"b")]


def test_a_line_that_is_too_long_is_one_line_without_content() -> None:
    long = b"x" * LONGEST_LINE
    assert lines_of(b"a\n", long, long, long + b"\nb\n") == [(1, b"a"), (2, None), (3, b"b")]
    assert lines_of(long + b"x") == [(1, None)]


async def test_a_json_line_that_is_none_is_a_row_without_a_message() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"a": 1}\n{\n' + b"x" * (LONGEST_LINE + 1)

    found = [(row.number, row.raw) async for row in json_rows(chunks())]
    assert found == [(1, {"a": 1}), (2, None), (3, None)]


@given(st.binary(max_size=40))
def test_any_bytes_are_parsed_or_nothing(content: bytes) -> None:
    parsed(content)


async def test_the_memory_for_a_file_does_not_grow_with_the_file() -> None:
    async def chunks(count: int) -> AsyncIterator[bytes]:
        names = b"kenmerk;gemeentecode;signaalpartner;bedrag;ontstaansdatum;signaaldatum;inspanningen"
        yield names + b";postcode;huisnummer\n"
        for number in range(count):
            yield b"H-%d;0363;Huur;1,50;2026-01-01;2026-03-09;abcd;1234AB;1\n" % number

    async def peak(count: int) -> int:
        tracemalloc.start()
        async for _ in batches(csv_rows(chunks(count)), 100):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert await peak(2000) < 1.5 * await peak(200)
