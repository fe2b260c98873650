import pytest

from services.common.identifiers import is_safe_url


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://partner.example/hub", True),
        ("HTTPS://partner.example", True),
        ("http://localhost:8000/x", True),
        ("http://127.8.9.1/x", True),
        ("http://[::1]:80/x", True),
        ("http://partner.example/hub", False),
        ("http://localhost.example/", False),
        ("http://localhost@partner.example/", False),
        ("http://127.0.0.1.example/", False),
        ("http://", False),
        ("ftp://localhost/", False),
        ("http://[::1/x", False),
        ("", False),
    ],
)
def test_a_url_is_safe_over_tls_or_to_this_machine(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe
