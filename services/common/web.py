"""The HTTP side of every service: a FastAPI that keeps the Dutch API design rules whatever its routes do."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from prometheus_client.exposition import choose_encoder
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common import problems
from services.common.access import Access
from services.common.errors import TransientError
from services.common.headers import PROBLEM, with_version
from services.common.identifiers import member_name
from services.common.openapi import BASE, document
from services.common.patience import Patience
from services.common.problems import Fout, Problem
from services.common.runtime import Runtime
from services.common.tokens import Tokens

__all__ = ["BASE", "Fout", "IsoDate", "Model", "Moment", "Problem", "make_app", "media_type"]

log = structlog.get_logger()

JSON = "application/json"
MAX_BODY = 1_000_000
"""Bytes of a request, unless the path has a limit of its own."""
_NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
"""FastAPI's own spans and logs hold paths, queries and texts of exceptions; ours (spans.py) hold ids."""


class Model(BaseModel):
    """A body: camelCase outside, snake_case inside; a member that is not described is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )


def _iso_date(value: Any) -> Any:
    """Accept YYYY-MM-DD only: pydantic would also read a number as seconds since 1970."""
    if type(value) is date:
        return value
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("iso_date", "not YYYY-MM-DD") from None
    if found.isoformat() != value:
        raise PydanticCustomError("iso_date", "not YYYY-MM-DD")
    return found


def _iso_moment(value: Any) -> Any:
    """Accept RFC 3339 with any offset and keep UTC, so that the answer ends in Z."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("iso_moment", "not RFC 3339") from None
    if found.tzinfo is None:
        raise PydanticCustomError("iso_moment", "no offset")
    return found.astimezone(UTC)


IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(_iso_moment)]


class Api(FastAPI):
    """FastAPI with our own document."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self.openapi_schema = document(self)
        return self.openapi_schema


def make_app(
    runtime: Runtime,
    title: str,
    description: str,
    *,
    version: str = "1.0.0",
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return the app of a service; its routers are included with `prefix=BASE`.

    `body_limits`: bytes per full path, for paths that take more than MAX_BODY; one that ends in a slash holds
    for whatever comes after it.
    """
    app = Api(
        title=title,
        description=description,
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        dependencies=[Depends(_check_media), Depends(_check_query)],
        generate_unique_id_function=lambda route: to_camel(route.name),
        exception_handlers={
            StarletteHTTPException: problems.on_http_error,
            RequestValidationError: problems.on_invalid,
            TransientError: problems.on_transient,
        },
    )
    app.state.tokens = Tokens(runtime.settings)
    app.add_middleware(_Guard, version=version, limits=body_limits or {})
    app.add_middleware(Access, runtime=runtime)
    runtime.metrics.watch_health(runtime.health.report)
    _add_own_routes(app, runtime)
    return app


def _add_own_routes(app: FastAPI, runtime: Runtime) -> None:
    @app.get(f"{BASE}/openapi.json", summary="De beschrijving van deze API", tags=["api"])
    async def openapi() -> dict[str, Any]:
        return app.openapi()

    @app.options(f"{BASE}/openapi.json", include_in_schema=False, status_code=HTTPStatus.NO_CONTENT)
    async def openapi_options() -> None:
        """Answer a browser's preflight; the headers come from _Guard."""

    @app.get("/health", include_in_schema=False)
    async def health() -> Response:
        found = runtime.health.report()
        well = not any(found.values())
        content = {
            "status": "gezond" if well else "ongezond",
            "onderdelen": {name: trouble or "gezond" for name, trouble in found.items()},
        }
        return JSONResponse(content, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)

    @app.get("/metrics", include_in_schema=False, responses={HTTPStatus.OK: {"content": {"text/plain": {}}}})
    async def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(runtime.metrics.registry), headers={"Content-Type": kind})


def media_type(request: Request) -> str:
    """Return the media type of a request's body, lower case, without parameters; empty when there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _check_media(request: Request) -> None:
    """Refuse a body that the route does not read (415) and an answer that it does not give (406)."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    described = (route.openapi_extra or {}).get("requestBody", {}).get("content")
    reads = tuple(described) if described else (JSON,) if route.body_field else ()
    empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if reads and not empty and media_type(request) not in reads:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Stuur {' of '.join(reads)}.")
    gives = {JSON, *(kind for each in route.responses.values() for kind in each.get("content", ()))}
    if not _accepts(request.headers.get("accept", "*/*"), gives):
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, f"Dit pad geeft {' of '.join(sorted(gives))}.")


async def _check_query(request: Request) -> None:
    """Refuse a parameter that is not described (400): with `profe` for `proef` a trial is a delivery."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    operation = request.app.openapi()["paths"][route.path.removeprefix(BASE)][request.method.lower()]
    described = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    if unknown := sorted(request.query_params.keys() - described):
        fouten = [("FIELD_UNKNOWN", member_name(name), "Deze parameter bestaat niet.") for name in unknown]
        raise Problem(HTTPStatus.BAD_REQUEST, problems.INVALID, fouten)


def _accepts(header: str, gives: set[str]) -> bool:
    ranges = {each.partition(";")[0].strip().lower() for each in header.split(",")}
    wide = {"*/*", "", *(f"{kind.partition('/')[0]}/*" for kind in gives)}
    return bool(ranges & (gives | wide | {PROBLEM}))


class _Guard:
    """Around everything: headers on all answers, limits on all bodies, no exception's text in any answer."""

    def __init__(self, app: ASGIApp, *, version: str, limits: Mapping[str, int]) -> None:
        self._app = app
        self._headers = with_version(version)
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._complete(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self._app(scope, self._limited(scope, receive), answer)
        except ClientDisconnect:
            return
        except Exception as error:
            response = _failure(scope["method"], error)
            if started:
                raise
            await response(scope, receive, answer)

    def _complete(self, headers: MutableHeaders, path: str) -> None:
        headers.update(self._headers)
        headers.setdefault("Content-Type", JSON)
        if path == f"{BASE}/openapi.json":
            headers.update({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET"})

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        path: str = scope["path"]
        limit = self._limits.get(path) or self._limits.get(path[: path.rfind("/") + 1], MAX_BODY)
        announced = Headers(scope=scope).get("content-length", "0")
        seen, patience = 0, Patience()

        async def limited() -> Message:
            nonlocal seen
            try:
                message = await patience.wait(receive)
            except TimeoutError:
                detail = "Van de inhoud kwam te lang niets of te weinig; stuur hetzelfde nog eens."
                raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, headers={"Connection": "close"}) from None
            seen += len(message.get("body", b""))
            if seen > limit or (announced.isdecimal() and int(announced) > limit):
                detail = f"De inhoud is groter dan {limit} bytes."
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, headers={"Connection": "close"})
            return message

        return limited


def _failure(method: str, error: Exception) -> Response:
    """Log what went wrong under an id, and answer no more than that id."""
    instance = f"urn:uuid:{uuid4()}"
    log.error("request_failed", instance=instance, method=method, exc_info=error)
    return problems.answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Er ging iets mis; noem bij een vraag het kenmerk in instance.",
        instance,
    )
