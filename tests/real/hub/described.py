"""Requests that the description of an API allows, made up; what comes back is held against it."""

import json
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.ingest.tables import XLSX_TYPE
from tests.real.hub.town import BAILIFF, HUB, LANDLORD, TOWN, Town

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
"""Of each operation, the same at each run: enough to meet every member once, in some seconds."""
SCOPES = (
    "signalen registraties toetsen toetsen-eigen-inning schuldmeldingen zaken terugkoppelingen "
    "pauzes signaalkwaliteit overeenkomsten beheer"
)
WHO = {
    HUB: ("/partijen", "/overeenkomsten", "/beleid", "/teams"),
    TOWN: ("/registraties", "/momentopnames", "/zaken"),
    BAILIFF: ("/toetsen", "/bulktoetsen", "/schuldmeldingen"),
}
"""Whose a path is, so that not every answer is 403; all others are a creditor's."""


@schemathesis.serializer("application/x-ndjson", XLSX_TYPE)
def as_bytes(_: Any, value: Any) -> bytes:
    """Write what a body of these types would not be written as by itself."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def ask_everything(hub: Town, service: str) -> None:
    """Ask each operation of a service some of what it describes; what is answered otherwise raises."""
    base = f"{hub.endpoints[service]}/v1"
    description = httpx.get(f"{base}/openapi.json", timeout=10).json()
    for found in schemathesis.openapi.from_dict(description).get_all_operations():
        assert isinstance(found, Ok)
        _ask(hub, base, found.ok())


def _ask(hub: Town, base: str, operation: Any) -> None:
    party = next((who for who, paths in WHO.items() if operation.path.startswith(paths)), LANDLORD)
    headers = {"Authorization": f"Bearer {hub.token(party, SCOPES, None)}"}

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        answer = case.call(base_url=base, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        assert "Traceback" not in answer.text

    one()
