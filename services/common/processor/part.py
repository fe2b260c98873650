"""One partition of a share: its state in memory, and what became of its last records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

from services.common.processor.poison import Window
from services.common.processor.state import Table
from services.common.records import S


@dataclass(frozen=True, slots=True)
class Part(Generic[S]):
    """Made anew whenever the share starts again."""

    table: Table[S]
    window: Window = field(default_factory=Window)


Parts = Mapping[int, Part[S]]
"""Partition -> its part."""
