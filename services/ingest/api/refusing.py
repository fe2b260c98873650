"""Problems of the domain as an answer."""

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import Request

from services.common import problems
from services.ingest.domain.reasons import Problem
from services.ingest.rows import parsed


def refusal(found: Iterable[Problem], detail: str = "Dit is niet geaccepteerd.") -> problems.Problem:
    """Return the 400 with everything that is wrong."""
    fouten = [(each.reason.value, each.field or None, each.sentence) for each in found]
    return problems.Problem(HTTPStatus.BAD_REQUEST, detail, fouten)


async def json_of(request: Request) -> tuple[object, bytes]:
    """Return a body and what JSON makes of it: None when it is no JSON."""
    body = await request.body()
    return parsed(body), body
