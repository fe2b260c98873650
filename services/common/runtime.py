"""What every primitive of a process needs, built once in host.py."""

from dataclasses import dataclass, field

from services.common.catalogue import Catalogue
from services.common.clock import Clock
from services.common.cloudevents import source_of
from services.common.codec import Codec
from services.common.health import Health
from services.common.metrics import Metrics
from services.common.settings import Settings
from services.common.tracing import NoTracing, Tracing


@dataclass(frozen=True, slots=True)
class Runtime:
    """The surroundings of one service process."""

    service: str
    settings: Settings
    clock: Clock
    catalogue: Catalogue
    codec: Codec
    health: Health
    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=NoTracing)

    @property
    def source(self) -> str:
        """ce_source of what this process writes."""
        return source_of(self.settings.hub_oin, self.service)
