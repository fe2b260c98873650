"""A step in a service's start: what comes after it has complete views."""

import asyncio
from typing import Any

from mode import Service

from services.common.view import View


class Ready(Service):
    """Holds up the parts that are listed after it until these views are complete; health tells."""

    def __init__(self, *views: View[Any]) -> None:
        super().__init__()
        self._views = views

    async def on_start(self) -> None:
        await asyncio.gather(*(view.wait_ready() for view in self._views))
