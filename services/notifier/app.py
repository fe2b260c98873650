"""Wires notifier: team routing, the topics of tenants, webhooks. Over HTTP only its health."""

from collections.abc import Collection

from services.common.database import make_engine
from services.common.events import Party, Role, Team
from services.common.host import Parts
from services.common.pace import PROMPT
from services.common.processor import Processor
from services.common.projection import Projection
from services.common.ready import Ready
from services.common.records import partition_key
from services.common.runtime import Runtime
from services.common.sender import Sender
from services.common.view import View
from services.common.web import make_app
from services.notifier.directory import Teams
from services.notifier.domain import Household
from services.notifier.processors import BAILIFFS, CREDITORS, HOUSEHOLDS, bailiffs, creditors, households
from services.notifier.webhooks import PROJECTION, SENDER, TOPICS, Webhooks

DESCRIPTION = (
    "Verdeelt zaken over wijkteams en brengt iedere partij het hare. Alleen de gezondheid is op te vragen."
)


def build(runtime: Runtime) -> Parts:
    """Return the parts of this service; nothing connects before they start."""
    teams: View[Team] = View("teams.v1", runtime)
    parties: View[Party] = View("parties.v1", runtime)
    engine, webhooks = make_engine(runtime.settings), Webhooks(parties)

    def roles_of(oin: str) -> Collection[Role]:
        party = parties.get(oin)
        return party.roles if party else ()

    services = (
        teams,
        parties,
        Ready(teams, parties),
        Processor(HOUSEHOLDS, households(Teams(teams).of), Household, partition_key, runtime, PROMPT),
        Processor(CREDITORS, creditors(roles_of), None, partition_key, runtime),
        Processor(BAILIFFS, bailiffs, None, partition_key, runtime, PROMPT),
        webhooks,
        Projection(PROJECTION, TOPICS, webhooks.enqueue, runtime, engine),
        Sender(SENDER, webhooks.deliver, runtime, engine),
    )
    return Parts(services, make_app(runtime, "Signaalhub: notifier", DESCRIPTION))
