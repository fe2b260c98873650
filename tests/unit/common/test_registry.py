"""What the answers of a schema registry, or of a proxy before it, come to."""

import httpx
import pytest

from services.common.errors import ConfigurationError, ContractError, SignaalhubError, TransientError
from services.common.registry import ConfluentRegistry, SchemaVersion

PAGE = "<html>Bad gateway</html>"


def registry(*answers: httpx.Response) -> ConfluentRegistry:
    """A registry that gives these answers, one after the other."""
    left = iter(answers)
    transport = httpx.MockTransport(lambda _: next(left))
    return ConfluentRegistry("https://registry.test/", httpx.AsyncClient(transport=transport))


async def test_a_schema_is_found_by_its_id() -> None:
    found = registry(
        httpx.Response(200, json=[{"subject": "cases", "version": 2}]),
        httpx.Response(200, json={"schema": '{"type": "string"}'}),
    )
    assert await found.resolve(7) == SchemaVersion("cases", 2, {"type": "string"})


@pytest.mark.parametrize(
    ("answer", "expected", "text"),
    [
        pytest.param(httpx.Response(503), TransientError, "answered 503", id="away"),
        pytest.param(httpx.Response(429, json={}), TransientError, "answered 429", id="too-often"),
        pytest.param(httpx.Response(200, text=PAGE), TransientError, "no JSON", id="page-of-a-proxy"),
        pytest.param(httpx.Response(404, text=PAGE), TransientError, "no JSON", id="absence-by-a-proxy"),
        pytest.param(httpx.Response(302), TransientError, "no JSON", id="redirect-to-a-login"),
        pytest.param(httpx.Response(404, json={}), ContractError, "knows no /schemas/ids/7", id="unknown"),
        pytest.param(httpx.Response(401), ConfigurationError, "look at its address and rights", id="nobody"),
        pytest.param(httpx.Response(403, text=PAGE), ConfigurationError, "with 403", id="forbidden"),
    ],
)
async def test_an_answer_without_a_schema_says_whether_waiting_helps(
    answer: httpx.Response, expected: type[SignaalhubError], text: str
) -> None:
    with pytest.raises(expected, match=text):
        await registry(answer).resolve(7)
