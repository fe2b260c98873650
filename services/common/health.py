"""Health that tells the truth: parts report for themselves, one in trouble makes the process unhealthy."""

from collections.abc import Callable

Check = Callable[[], str | None]
"""Returns None when the part does its work, else a short reason; called at each GET /health."""


class Health:
    """The parts of one process and what they say of themselves."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Register a part under its own name."""
        self._checks[name] = check

    def report(self) -> dict[str, str | None]:
        """Return each part's trouble, None for a part that is well."""
        return {name: check() for name, check in sorted(self._checks.items())}
