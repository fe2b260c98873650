"""What a newcomer can try by hand after the demo: addresses, a token, three commands that work."""

import json
import sys
from datetime import timedelta
from pathlib import Path

from services.common.identifiers import derived_id
from services.local.demo.actions import Content
from services.local.demo.calendar import EPILOGUE
from services.local.demo.examples import Examples
from services.local.demo.hub import Hub
from services.local.endpoints import typed

SENDER = "Zonnekracht Energie"
SCOPES = "signalen terugkoppelingen"
TEAM = "0363-west"
REFERENCE = "mijn-eerste-signaal"


def invite(hub: Hub, examples: Examples) -> str:
    """Return text of which each line can be copied from the terminal as it is."""
    creditor = next(str(party["oin"]) for party in examples.parties if party["naam"] == SENDER)
    team = next(team for team in examples.teams if team["id"] == TEAM)
    ingest, feedback = hub.url("ingest"), hub.url("feedback")
    folder, signaalhub = typed(hub.folder.path), typed(Path(sys.executable).with_name("signaalhub"))
    signal = beside(hub.folder.path)
    signal.write_text(json.dumps(first_signal(examples), indent=2, ensure_ascii=False))
    send = f'-H "Content-Type: application/json" -d @{typed(signal)} {ingest}/v1/signalen'
    made = f"{signaalhub} token --party {team['gemeente']} --scope zaken --team {TEAM} --data-dir {folder}"
    return f"""
The hub stays up until Ctrl-C; its clock runs on from 2 April 2026.
  ingest    {ingest}    API: {ingest}/v1/openapi.json
  matcher   {hub.url("matcher")}
  feedback  {feedback}
  notifier  {hub.url("notifier")}
  logs      {folder}/logs

A token of {SENDER}, for 8 hours:
TOKEN={hub.secrets.token(creditor, SCOPES)}

1. Send a signal:
curl -H "Authorization: Bearer $TOKEN" {send}
2. A moment later, read what became of it:
curl -H "Authorization: Bearer $TOKEN" {feedback}/v1/signalen/{derived_id("signal", creditor, REFERENCE)}
3. See the open cases of {team["naam"]}, with a token of its own:
curl -H "Authorization: Bearer $({made})" "{feedback}/v1/zaken?status=nietOpgepakt"
"""


def beside(folder: Path) -> Path:
    """Return where the signal to be sent is: not in the folder, which `make leaks` searches for such."""
    return folder.with_name(f"{folder.name}-signaal.json")


def first_signal(examples: Examples) -> Content:
    """Return the signal of command 1, which README shows too: two that differ would be refused (409)."""
    spot = next(spot for spot in examples.spots if spot.postcode.startswith("1053"))
    on = EPILOGUE.date()
    return {
        "kenmerk": REFERENCE,
        "gemeentecode": spot.municipality,
        "signaalpartner": "Energie",
        "bedragInCenten": 18450,
        "ontstaansdatum": (on - timedelta(days=60)).isoformat(),
        "signaaldatum": on.isoformat(),
        "inspanningen": ["a", "b", "c", "d"],
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1985-04-12"},
        "adres": {"postcode": spot.postcode, "huisnummer": spot.number},
    }
