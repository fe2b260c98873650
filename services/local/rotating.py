"""`signaalhub vault rotate`."""

from services.common.database import make_engine
from services.common.errors import ConfigurationError
from services.common.masterkeys import MasterKeys
from services.common.rotation import rotate as wrap_anew


async def rotate(database: str, keys: str) -> int:
    """Return how many data keys were wrapped anew; any that none of the keys opens: `ConfigurationError`."""
    engine = make_engine(database)
    try:
        found = await wrap_anew(engine, MasterKeys.of(keys))
    finally:
        await engine.dispose()
    if found.left:
        raise ConfigurationError(
            f"{found.done} data keys wrapped anew, {found.left} are wrapped by a master key that was not "
            "given: add it behind the others"
        )
    return found.done
