"""Reading a body whose rules need more than the body (today, the case's signals): all errors at once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from services.common.problems import INVALID, Fout, Problem, fout_of

M = TypeVar("M", bound=BaseModel)
OWN_CODES = {
    "date_in_future": "DATE_INVALID",
    "date_not_ahead": "DATE_INVALID",
    "signal_unknown": "SIGNAL_UNKNOWN",
}


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Return the openapi_extra of a route that reads its body with `read`."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def read(request: Request, model: type[M], context: Mapping[str, Any]) -> M:
    """Return the body of a request; what is wrong in it is one 400 `Problem`."""
    try:
        content = from_json(await request.body())
    except ValueError:
        fout = Fout("UNREADABLE", None, "De inhoud is geen JSON.")
        raise Problem(HTTPStatus.BAD_REQUEST, INVALID, [fout]) from None
    try:
        return model.model_validate(content, context=dict(context))
    except ValidationError as error:
        found = [_fout(each) for each in error.errors(include_url=False, include_input=False)]
        raise Problem(HTTPStatus.BAD_REQUEST, INVALID, found) from None


def _fout(error: ErrorDetails) -> Fout:
    found = fout_of(error)
    code = OWN_CODES.get(error["type"])
    return Fout(code, found.veld, error["msg"]) if code else found
