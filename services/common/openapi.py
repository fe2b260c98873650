"""The OpenAPI document as the Dutch API design rules (ADR 2.2) want it, made from what FastAPI knows.

What FastAPI's own document breaks: a 422 that is not problem+json, no response headers, `anyOf` around an
optional date.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.common.headers import PROBLEM
from services.common.problems import TITLES

BASE = "/v1"
CONTACT = {
    "name": "Beheer Signaalhub",
    "email": "beheer@signaalhub.example",
    "url": "https://signaalhub.example/contact",
}
_VERSION_HEADER = {"API-Version": {"$ref": "#/components/headers/ApiVersion"}}
_METHODS = ("put", "post", "patch", "get", "delete")
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")

_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""The first for a query parameter that is not described, if for nothing else."""

Json = dict[str, Any]

_SCHEMA: Json = {
    "type": "object",
    "description": "Wat er mis is, volgens RFC 9457.",
    "required": ["type", "title", "status", "detail", "instance", "fouten"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "fouten": {"type": "array", "items": {"$ref": "#/components/schemas/Fout"}},
    },
}
_FOUT: Json = {
    "type": "object",
    "required": ["code", "veld", "melding"],
    "properties": {
        "code": {"type": "string", "description": "Vaste code, om door een programma te worden gelezen."},
        "veld": {"type": ["string", "null"], "description": "Pad naar het veld; leeg: het geheel."},
        "melding": {"type": "string"},
    },
}


def document(app: FastAPI) -> Json:
    """Return the document of all routes under /v1 (others, such as /health, are not part of the API)."""
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        contact=CONTACT,
        servers=[{"url": BASE, "description": "Deze hub"}],
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    found["paths"] = {
        path.removeprefix(BASE): item for path, item in found["paths"].items() if path.startswith(f"{BASE}/")
    }
    for _, operation in operations(found):
        _finish(operation)
    found["components"] = _components(found.get("components", {}), app.version)
    _join_null(found)
    return found


def operations(found: Json) -> Iterator[tuple[str, Json]]:
    """Yield (method, operation) of every operation of a document."""
    for item in found["paths"].values():
        for method in _METHODS:
            if method in item:
                yield method, item[method]


def _finish(operation: Json) -> None:
    """Declare what every operation of this product answers besides what its author wrote."""
    responses: Json = operation["responses"]
    responses.pop("422", None)
    for error in _errors(operation):
        responses.setdefault(str(int(error)), {"description": TITLES[error]})
    for status, response in responses.items():
        response["headers"] = _VERSION_HEADER | response.get("headers", {})
        if status[0] in "45":
            response["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Probleem"}}}
    operation["responses"] = dict(sorted(responses.items()))


def _errors(operation: Json) -> list[HTTPStatus]:
    errors = list(_ALWAYS)
    if "requestBody" in operation:
        too_much = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        errors += [*too_much, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if "security" in operation:
        errors += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    return errors


def _components(found: Json, version: str) -> Json:
    schemas = {name: s for name, s in found.get("schemas", {}).items() if name not in _OF_FASTAPI}
    header = {"description": "Volledige versie van de API.", "schema": {"type": "string", "const": version}}
    return found | {
        "schemas": schemas | {"Probleem": _SCHEMA, "Fout": _FOUT},
        "headers": {"ApiVersion": header},
    }


def _join_null(node: Any) -> None:
    """Turn `anyOf: [{type: X, ...}, {type: null}]` into `type: [X, null], ...`, where `format` is seen."""
    if isinstance(node, dict):
        options = node.get("anyOf")
        if isinstance(options, list) and len(options) == 2 and options[1] == {"type": "null"}:
            kind = options[0].get("type")
            if isinstance(kind, str) and "enum" not in options[0] and "const" not in options[0]:
                del node["anyOf"]
                node |= options[0] | {"type": [kind, "null"]} | {k: node[k] for k in ("title",) if k in node}
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _join_null(child)
