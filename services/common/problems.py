"""What an API answers when it cannot do what was asked: application/problem+json (RFC 9457), in Dutch."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from services.common.errors import PermanentError
from services.common.headers import PROBLEM
from services.common.identifiers import member_name

RETRY_AFTER_SECONDS = 5

TITLES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "Ongeldig verzoek",
    HTTPStatus.UNAUTHORIZED: "Niet aangemeld",
    HTTPStatus.FORBIDDEN: "Geen toegang",
    HTTPStatus.NOT_FOUND: "Niet gevonden",
    HTTPStatus.METHOD_NOT_ALLOWED: "Methode niet toegestaan",
    HTTPStatus.NOT_ACCEPTABLE: "Gevraagd formaat niet beschikbaar",
    HTTPStatus.REQUEST_TIMEOUT: "Verzoek duurde te lang",
    HTTPStatus.CONFLICT: "Strijdig met wat er al is",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Verzoek te groot",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Formaat niet ondersteund",
    HTTPStatus.TOO_MANY_REQUESTS: "Te veel verzoeken",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Interne fout",
    HTTPStatus.SERVICE_UNAVAILABLE: "Tijdelijk niet beschikbaar",
}
_DETAILS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "Op dit pad is niets te vinden.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Deze methode kan niet op dit pad; zie de header Allow.",
}
_MESSAGES: Mapping[str, tuple[str, str]] = {
    "missing": ("FIELD_MISSING", "Dit veld ontbreekt."),
    "extra_forbidden": ("FIELD_UNKNOWN", "Dit veld bestaat niet."),
    "string_type": ("FIELD_INVALID", "Hier hoort tekst."),
    "string_too_short": ("FIELD_INVALID", "Minstens {min_length} tekens."),
    "string_too_long": ("FIELD_INVALID", "Hoogstens {max_length} tekens."),
    "string_pattern_mismatch": ("FIELD_INVALID", "De tekst heeft niet de gevraagde vorm{length}."),
    "too_short": ("FIELD_INVALID", "Minstens {min_length} waarden."),
    "too_long": ("FIELD_INVALID", "Hoogstens {max_length} waarden."),
    "int_type": ("FIELD_INVALID", "Hier hoort een geheel getal."),
    "int_parsing": ("FIELD_INVALID", "Hier hoort een geheel getal."),
    "int_from_float": ("FIELD_INVALID", "Hier hoort een geheel getal."),
    "bool_type": ("FIELD_INVALID", "Hier hoort true of false."),
    "bool_parsing": ("FIELD_INVALID", "Hier hoort true of false."),
    "greater_than": ("FIELD_INVALID", "De waarde moet groter zijn dan {gt}."),
    "greater_than_equal": ("FIELD_INVALID", "De waarde is minstens {ge}."),
    "less_than": ("FIELD_INVALID", "De waarde moet kleiner zijn dan {lt}."),
    "less_than_equal": ("FIELD_INVALID", "De waarde is hoogstens {le}."),
    "enum": ("FIELD_INVALID", "De waarde is geen van: {expected}."),
    "literal_error": ("FIELD_INVALID", "De waarde is geen van: {expected}."),
    "list_type": ("FIELD_INVALID", "Hier hoort een lijst."),
    "tuple_type": ("FIELD_INVALID", "Hier hoort een lijst."),
    "bsn": ("BSN_INVALID", "Dit is geen burgerservicenummer (negen cijfers, elfproef)."),
    "oin": ("OIN_INVALID", "Dit is geen OIN (twintig cijfers)."),
    "printable": ("FIELD_INVALID", "Alleen leesbare tekens: geen tab, regeleinde of ander stuurteken."),
    "own_collecting": ("CLIENT_NOT_ALLOWED", "Wie zelf int heeft geen opdrachtgever."),
    "iso_date": ("FIELD_INVALID", "Hier hoort een datum als JJJJ-MM-DD."),
    "iso_moment": ("FIELD_INVALID", "Hier hoort een tijdstip met zone, als 2026-01-31T13:45:00Z."),
}
_OTHERWISE = ("FIELD_INVALID", "De waarde is niet geldig.")
INVALID = "Het verzoek voldoet niet aan de API."
_HEADER = "header"
_PLACES = ("body", "query", "path", _HEADER)
_SO_MANY = re.compile(r"\^\[[^\]]+\]\{(\d+)(?:,(\d+))?\}\$")
"""A pattern that is one class of characters, so many times."""


class Fout(NamedTuple):
    """One thing that is wrong: a stable code, the field (path with dots; None = all), a Dutch sentence."""

    code: str
    veld: str | None
    melding: str


_UNREADABLE = Fout("UNREADABLE", None, "De inhoud is niet te lezen.")
"""What the framework's only 400 means: bytes that are no UTF-8, or far too deeply nested."""


class Problem(PermanentError, HTTPException):  # noqa: N818 - what RFC 9457 calls it
    """Raised by an endpoint to answer problem+json; `detail` and the sentences never quote personal data."""

    def __init__(
        self,
        status: int,
        detail: str,
        fouten: Sequence[tuple[str, str | None, str]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """`more`: members of its own, as RFC 9457 3.2 has them."""
        HTTPException.__init__(self, status, detail, dict(headers or {}))
        self.fouten = tuple(Fout(*each) for each in fouten)
        self.more = more or {}


def answer(
    status: int,
    detail: str,
    instance: str,
    fouten: Sequence[Fout] = (),
    more: Mapping[str, object] | None = None,
) -> JSONResponse:
    """Return the response of a problem; `instance` is a path, or urn:uuid of the line in the log."""
    content = {
        "type": "about:blank",
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "instance": instance,
        "fouten": [each._asdict() for each in fouten],
        **(more or {}),
    }
    return JSONResponse(content, status, media_type=PROBLEM)


def _where(request: Request) -> str:
    """Return the path up to its first parameter: what a caller put there is not repeated."""
    path: str = getattr(request.scope.get("route"), "path", "/")
    return path.partition("/{")[0] or "/"


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a `Problem`, or what the framework raises (404, 405)."""
    if not isinstance(error, StarletteHTTPException):
        raise error
    if isinstance(error, Problem):
        response = answer(error.status_code, error.detail, _where(request), error.fouten, error.more)
    elif error.status_code == HTTPStatus.BAD_REQUEST:
        response = answer(HTTPStatus.BAD_REQUEST, _UNREADABLE.melding, _where(request), [_UNREADABLE])
    else:
        detail = _DETAILS.get(error.status_code, error.detail)
        response = answer(error.status_code, detail, _where(request))
    response.headers.update(error.headers or {})
    return response


async def on_transient(request: Request, error: Exception) -> JSONResponse:
    """Answer a `TransientError`."""
    detail = "Een onderdeel is even niet bereikbaar; er is niets verloren, stuur hetzelfde later nog eens."
    response = answer(HTTPStatus.SERVICE_UNAVAILABLE, detail, _where(request))
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not follow the description of the API, with all that is wrong in it."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [fout_of(each) for each in error.errors()]
    return answer(HTTPStatus.BAD_REQUEST, INVALID, _where(request), found)


def fout_of(error: Mapping[str, Any]) -> Fout:
    """Return one error of pydantic in our terms; the refused value itself is never repeated."""
    if error["type"] == "json_invalid":
        return Fout("UNREADABLE", None, f"De inhoud is geen JSON (vanaf teken {error['loc'][-1]}).")
    code, message = _MESSAGES.get(error["type"], _OTHERWISE)
    source = error["loc"][0] if error["loc"] and error["loc"][0] in _PLACES else None
    place = error["loc"][1:] if source else error["loc"]
    names = place if source == _HEADER else map(_shown, place)  # of headers only ours are looked at
    return Fout(code, ".".join(map(str, names)) or None, message.format_map(_dutch(error.get("ctx") or {})))


def _shown(place: str | int) -> str:
    return member_name(place) if isinstance(place, str) else str(place)


def _dutch(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what pydantic has to say with an error: its lists are English, its patterns for machines."""
    expected, pattern = str(context.get("expected", "")), str(context.get("pattern", ""))
    return {**context, "expected": expected.replace("' or '", "' of '"), "length": _length(pattern)}


def _length(pattern: str) -> str:
    found = _SO_MANY.fullmatch(pattern)
    if found is None:
        return ""
    least, most = found.groups()
    return f" ({least} tot en met {most} tekens)" if most else f" ({least} tekens)"
