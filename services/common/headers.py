"""The headers that the Dutch API design rules want on every answer, whatever part of the process gives it."""

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PROBLEM = "application/problem+json"


def with_version(version: str) -> dict[str, str]:
    """Return the headers with the full version of the API."""
    return {**SECURITY_HEADERS, "API-Version": version}
