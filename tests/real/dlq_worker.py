"""A replay that stops before its commit: `python -m tests.real.dlq_worker BOOTSTRAP TOPIC`."""

import asyncio
import sys

from services.common.dlq.judging import Judge
from tests.real.dlq_kit import post_of, topic_of


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def stuck(self: Judge) -> bool:
    """Answer the last question before the commit when somebody says so."""
    say("sent")
    await asyncio.to_thread(sys.stdin.readline)
    return False


async def main(bootstrap: str, topic: str) -> None:
    Judge.slipped_in = stuck  # type: ignore[method-assign]
    post = await post_of(bootstrap, topic_of(topic))
    await post.replay(limit=1000)
    say("committed")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
