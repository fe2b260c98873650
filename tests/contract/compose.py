"""docker-compose.yml as `docker compose` reads it, with made-up values for what .env has to give."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from services.common.settings import REPOSITORY

FILE = REPOSITORY / "docker-compose.yml"


def filled_in(value_of: Callable[[str], str] = lambda name: f"made-up-{name.lower()}") -> dict[str, Any]:
    """The file with every ${NAME:?...} replaced, and $$ for a dollar that is the command's own."""
    text = re.sub(r"\$\{([A-Z_]+):\?[^}]*\}", lambda found: value_of(found[1]), FILE.read_text())
    content: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return content


def broker_properties(compose: dict[str, Any]) -> dict[str, str]:
    """The broker's settings, as the image of Apache Kafka makes them of its environment."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", ".").replace("...", "-").replace("..", "_"): value
        for name, value in compose["services"]["kafka"]["environment"].items()
    }
