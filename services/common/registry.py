"""Where schema ids come from: the repository's own list, or a Confluent-compatible registry."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from services.common.errors import ConfigurationError, ContractError, TransientError

AvroSchema = dict[str, Any]

_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """A released schema: its subject, version (1, 2, ...) and Avro JSON."""

    subject: str
    version: int
    schema: AvroSchema


class Registry(Protocol):
    """The port through which ids and schemas are found."""

    async def resolve(self, schema_id: int) -> SchemaVersion:
        """Return the schema of an id; not found is a `ContractError`, no answer a `TransientError`."""

    async def id_of(self, found: SchemaVersion) -> int:
        """Return the id under which this released schema is written."""


class Released:
    """The released schemas of this repository: schemas/<subject>/v<N>.avsc and schemas/ids.yaml."""

    def __init__(self, schemas_dir: Path) -> None:
        self._dir = schemas_dir

    @cached_property
    def ids(self) -> dict[int, SchemaVersion]:
        """Every released version by its own id."""
        content = yaml.safe_load((self._dir / "ids.yaml").read_text())
        return {
            schema_id: SchemaVersion(subject, version, self._schema(subject, version))
            for subject, versions in content.items()
            for version, schema_id in versions.items()
        }

    def versions(self, subject: str) -> dict[int, SchemaVersion]:
        """Return the versions of a subject, oldest first; empty when there is no such subject."""
        found = {s.version: s for s in self.ids.values() if s.subject == subject}
        return dict(sorted(found.items()))

    def latest(self, subject: str) -> SchemaVersion:
        """Return the newest version, the one that this code writes."""
        versions = self.versions(subject)
        if not versions:
            raise ConfigurationError(f"subject {subject} has no version in schemas/ids.yaml")
        return versions[max(versions)]

    def _schema(self, subject: str, version: int) -> AvroSchema:
        schema: AvroSchema = json.loads((self._dir / subject / f"v{version}.avsc").read_text())
        return schema


class RepositoryRegistry:
    """The default: nothing to run, ids are those of schemas/ids.yaml."""

    def __init__(self, released: Released) -> None:
        self._released = released

    async def resolve(self, schema_id: int) -> SchemaVersion:
        try:
            return self._released.ids[schema_id]
        except KeyError:
            raise ContractError(f"schema id {schema_id} is not one of schemas/ids.yaml") from None

    async def id_of(self, found: SchemaVersion) -> int:
        for schema_id, version in self._released.ids.items():
            if version == found:
                return schema_id
        raise ConfigurationError(f"{found.subject} v{found.version} has no id in schemas/ids.yaml")


@asynccontextmanager
async def registry_at(url: str | None, released: Released) -> AsyncIterator[Registry]:
    """Give the registry of the settings: the one at this URL, else the repository's own list."""
    if not url:
        yield RepositoryRegistry(released)
        return
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
        yield ConfluentRegistry(url, client)


class ConfluentRegistry:
    """A registry with Confluent's paths (Apicurio's ccompat API, Confluent, Karapace)."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def resolve(self, schema_id: int) -> SchemaVersion:
        found = await self._ask("GET", f"/schemas/ids/{schema_id}/versions")
        if not found:
            raise ContractError(f"schema id {schema_id} belongs to no subject of the registry")
        schema = await self._ask("GET", f"/schemas/ids/{schema_id}")
        return SchemaVersion(found[0]["subject"], found[0]["version"], json.loads(schema["schema"]))

    async def id_of(self, found: SchemaVersion) -> int:
        body = {"schema": json.dumps(found.schema), "schemaType": "AVRO"}
        answer = await self._ask("POST", f"/subjects/{found.subject}/versions", json=body)
        return int(answer["id"])

    async def _ask(self, method: str, path: str, **body: Any) -> Any:
        try:
            answer = await self._client.request(method, self._url + path, **body)
        except httpx.HTTPError as error:
            raise TransientError(f"schema registry did not answer {method} {path}") from error
        status = answer.status_code
        if answer.is_server_error or status == httpx.codes.TOO_MANY_REQUESTS:
            raise TransientError(f"schema registry answered {status} to {method} {path}")
        if answer.is_error and status != httpx.codes.NOT_FOUND:
            raise ConfigurationError(
                f"schema registry refused {method} {path} with {status}: look at its address and rights"
            )
        try:
            found = answer.json()
        except ValueError as error:  # a proxy's page, not the registry's word, also when it says 404
            raise TransientError(f"schema registry answered {method} {path} with no JSON") from error
        if status == httpx.codes.NOT_FOUND:
            raise ContractError(f"schema registry knows no {path}")
        return found
