"""The lines of a stream, one after the other, never the whole in memory."""

from collections.abc import AsyncIterator, Iterator

LONGEST_LINE = 16_384
"""Bytes; a signal has some 600."""
NumberedLine = tuple[int, bytes | None]


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[NumberedLine]:
    """Yield each line with its number from 1; empty ones are left out, one that is too long comes as None."""
    lines = Lines()
    async for chunk in chunks:
        for line in lines.feed(chunk):
            yield line
    for line in lines.end():
        yield line


async def line_batches(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[list[NumberedLine]]:
    """Yield the same in batches: as soon as so many are there, with what else came with the last of them."""
    lines, batch = Lines(), list[NumberedLine]()
    async for chunk in chunks:
        batch += lines.feed(chunk)
        if len(batch) >= size:
            yield batch
            batch = []
    batch += lines.end()
    if batch:
        yield batch


class Lines:
    """Splits chunks into numbered lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[NumberedLine]:
        """Yield the lines that are complete with this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) > LONGEST_LINE:
            self._skipping, self._rest = True, b""

    def end(self) -> Iterator[NumberedLine]:
        """Yield the last line, when it has no line break."""
        yield from self._line(self._rest)

    def _line(self, line: bytes) -> Iterator[NumberedLine]:
        self._number += 1
        line = line.strip()
        if self._skipping or len(line) > LONGEST_LINE:
            self._skipping = False
            yield self._number, None
        elif line:
            yield self._number, line
