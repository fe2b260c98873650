"""What every primitive of a process needs, built once in host.py."""

from dataclasses import dataclass

from services.common.catalogue import Catalogue
from services.common.clock import Clock
from services.common.cloudevents import source_of
from services.common.codec import Codec
from services.common.health import Health
from services.common.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """The surroundings of one service process."""

    service: str
    settings: Settings
    clock: Clock
    catalogue: Catalogue
    codec: Codec
    health: Health

    @property
    def source(self) -> str:
        """ce_source of what this process writes."""
        return source_of(self.settings.hub_oin, self.service)
