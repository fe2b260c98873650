"""What a newcomer can try by hand after the demo: addresses, a token, three commands that work."""

import json
from datetime import timedelta

from rich.console import Group
from rich.text import Text

from services.local.demo.actions import Content
from services.local.demo.calendar import EPILOGUE
from services.local.demo.examples import Examples
from services.local.demo.hub import Hub

SENDER = "Zonnekracht Energie"
SCOPES = "signalen terugkoppelingen"


def invite(hub: Hub, examples: Examples) -> Group:
    """Return text that can be copied from the terminal line by line."""
    creditor = next(party for party in examples.parties if party["naam"] == SENDER)
    team = next(team for team in examples.teams if team["id"] == "0363-west")
    send, read = hub.url("ingest"), hub.url("feedback")
    worker = hub.secrets.token(team["gemeente"], "zaken", team["id"])
    body = json.dumps(_signal(examples), ensure_ascii=False)
    lines = [
        "",
        "The hub stays up; Ctrl-C ends it. Its clock stands at 2 April 2026 and runs on from there.",
        *(f"  {name:<9} {hub.url(name)}" for name in ("ingest", "matcher", "feedback", "notifier")),
        f"  logs      {hub.folder.path / 'logs'}",
        f"  API       {send}/v1/openapi.json",
        "",
        f"A token of {SENDER} (8 hours; `signaalhub token --help` makes others):",
        f"TOKEN={hub.secrets.token(creditor['oin'], SCOPES)}",
        "",
        "1. Send a signal:",
        (
            f"curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{body}' "
            f"{send}/v1/signalen"
        ),
        "2. Read what became of it (the id is in the answer to 1), or of all this creditor's signals:",
        f'curl -H "Authorization: Bearer $TOKEN" {read}/v1/terugkoppelingen',
        f"3. See the open cases of {team['naam']}:",
        f'curl -H "Authorization: Bearer {worker}" "{read}/v1/zaken?status=nietOpgepakt"',
    ]
    return Group(*(Text(line, overflow="fold") for line in lines))


def _signal(examples: Examples) -> Content:
    spot = next(spot for spot in examples.spots if spot.postcode.startswith("1053"))
    on = EPILOGUE.date()
    return {
        "kenmerk": "mijn-eerste-signaal",
        "gemeentecode": spot.municipality,
        "signaalpartner": "Energie",
        "bedragInCenten": 18450,
        "ontstaansdatum": (on - timedelta(days=60)).isoformat(),
        "signaaldatum": on.isoformat(),
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1985-04-12"},
        "adres": {"postcode": spot.postcode, "huisnummer": spot.number},
    }
