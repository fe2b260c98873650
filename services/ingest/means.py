"""What it takes to take something in, whatever it is."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import Clock
from services.common.publish import Publisher
from services.common.terms import Terms
from services.common.vault import Vault
from services.ingest.directories import Directories
from services.ingest.making import Maker


@dataclass(frozen=True, slots=True)
class Means:
    """One for the whole process: who may, since when and until when, remembered where, sealed, published."""

    engine: AsyncEngine
    publisher: Publisher
    clock: Clock
    directories: Directories
    maker: Maker
    vault: Vault
    terms: Terms
