"""The released schemas with the paths of Confluent's registry, read-only and for everybody.

A consumer in any language that knows such a registry reads every topic with nothing but this address. The
paths are Confluent's, so they are not below /v1 and follow none of the Dutch rules but the headers.
"""

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from services.common.registry import Released, SchemaVersion

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_NO_SUBJECT, _NO_VERSION, _NO_SCHEMA = 40401, 40402, 40403


def schemas(released: Released) -> APIRouter:
    """Return the routes of schemas."""
    router = APIRouter(include_in_schema=False)

    @router.get("/schemas/ids/{schema_id}")
    async def schema(schema_id: str) -> Response:
        found = _by_id(released, schema_id)
        return _answer({"schema": json.dumps(found.schema)}) if found else _absent(_NO_SCHEMA, "Schema")

    @router.get("/schemas/ids/{schema_id}/versions")
    async def versions_of_schema(schema_id: str) -> Response:
        found = _by_id(released, schema_id)
        if found is None:
            return _absent(_NO_SCHEMA, "Schema")
        return _answer([{"subject": found.subject, "version": found.version}])

    @router.get("/subjects")
    async def subjects() -> Response:
        return _answer(sorted({each.subject for each in released.ids.values()}))

    @router.get("/subjects/{subject}/versions")
    async def versions(subject: str) -> Response:
        found = released.versions(subject)
        return _answer(list(found)) if found else _absent(_NO_SUBJECT, "Subject")

    @router.get("/subjects/{subject}/versions/{version}")
    async def version_of_subject(subject: str, version: str) -> Response:
        known = released.versions(subject)
        if not known:
            return _absent(_NO_SUBJECT, "Subject")
        number = max(known) if version in ("latest", "-1") else _number(version)
        for schema_id, found in released.ids.items():
            if (found.subject, found.version) == (subject, number):
                return _answer(_described(schema_id, found))
        return _absent(_NO_VERSION, "Version")

    return router


def _by_id(released: Released, text: str) -> SchemaVersion | None:
    return released.ids.get(_number(text))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _described(schema_id: int, found: SchemaVersion) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "version": found.version,
        "id": schema_id,
        "schemaType": "AVRO",
        "schema": json.dumps(found.schema),
    }


def _answer(content: Any, status: int = HTTPStatus.OK) -> Response:
    return Response(json.dumps(content), status, media_type=MEDIA_TYPE)


def _absent(code: int, what: str) -> Response:
    return _answer({"error_code": code, "message": f"{what} not found."}, HTTPStatus.NOT_FOUND)
