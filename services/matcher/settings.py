"""What the operator may set about checks, from the environment (prefix SIGNAALHUB_)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CheckSettings(BaseSettings):
    """How long an answer holds, how fast a party may ask, and what is unusual asking."""

    model_config = SettingsConfigDict(env_prefix="SIGNAALHUB_", frozen=True)

    check_days: int = Field(28, ge=1)
    """How long an answer may be relied on: a consultation of the attachment register may so long (DBR;
    domain.md 5.4)."""
    checks_per_minute: int = Field(600, ge=1)
    """Of one party, in the long run: nation-wide there are some 6,700 acts of bailiffs on a working day
    (domain.md 3.6)."""
    checks_at_once: int = Field(5_000, ge=1_000)
    """Of one party after a rest: five requests of the largest size."""
    unusual_window: int = Field(1_000, ge=10)
    """Of so many last questions of a party it is seen whether they are unusual (domain/unusual.py)."""
    unusual_neighbours: int = Field(20, ge=2)
    """So many numbers in a row among them are."""
    unusual_misses_percent: float = Field(99.5, gt=0, le=100)
    """So many of them about persons who are not known are."""
