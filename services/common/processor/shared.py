"""What the shares of one processor have in common."""

import asyncio
from dataclasses import dataclass
from typing import Generic

from aiokafka import AIOKafkaConsumer

from services.common.metrics import Tally
from services.common.pace import Pace
from services.common.processor import internals
from services.common.processor.destinations import Outputs
from services.common.processor.turn import Rules
from services.common.records import S
from services.common.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Shared(Generic[S]):
    """All of it lives as long as the processor's consumer."""

    rules: Rules[S]
    runtime: Runtime
    outputs: Outputs
    consumer: AIOKafkaConsumer
    heartbeats: internals.Heartbeats
    marks: AIOKafkaConsumer
    """Outside the group and read_uncommitted: tells where the inputs really end."""
    pace: Pace
    tally: Tally
    cpu: asyncio.Lock
    """One share handles at a time, so that the event loop is not kept by all of them in a row."""
