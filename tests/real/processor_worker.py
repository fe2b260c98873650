"""A process that runs one counting processor until SIGTERM; started by test_processor_crashes."""

import asyncio
import signal
import sys

import uvloop

from services.common import log
from tests.real.processor_kit import Kit, count


async def main(kafka: str, name: str, partitions: int, replica: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    kit = Kit(kafka, name=name, partitions=partitions, shares=partitions // 2)
    async with kit.running(count, replica=replica):
        await stop.wait()


if __name__ == "__main__":
    log.setup("worker", sys.argv[4])
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
