"""Where a command finds what it works on: an address that is given, or the local stack's."""

from pathlib import Path
from typing import Annotated

import typer

DATA_DIR = Path(".signaalhub")
DataDir = Annotated[Path, typer.Option(help="Data folder of the local stack.")]


def typed(path: Path) -> Path:
    """Return a path as it is typed from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def endpoint(data_dir: Path, name: str) -> str:
    """Return an address from endpoints.json; no stack is a `ConfigurationError` that says what to give."""
    import json

    from services.common.errors import ConfigurationError
    from services.local.folder import DataFolder

    endpoints = DataFolder(data_dir.resolve()).endpoints
    if not endpoints.exists():
        raise ConfigurationError(
            f"no stack is up in {data_dir}; give --{name}, or the --data-dir of one that is up"
        )
    return str(json.loads(endpoints.read_text())[name])
