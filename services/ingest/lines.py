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
