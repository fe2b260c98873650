"""Wrong settings stop the start with their names, and without their values: one may hold a password."""

import pytest
from pydantic import ValidationError

from services.common.settings import told
from services.common.testing import make_settings

WRONG = {
    "database_url": [
        "nonsense",
        "postgresql://hub:made-up@host/hub",
        "postgresql+psycopg://host:made-up/hub",
    ],
    "http_port": ["99999999", "0", "made-up"],
    "hub_oin": ["123", "", "0000009900000000000x"],
    "trace_ratio": ["2"],
    "kafka_replication": ["0"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_setting_is_told_by_its_name_and_without_its_value(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as found:
        make_settings(**{name: value})
    text = told(found.value)
    assert text.startswith(f"SIGNAALHUB_{name.upper()}: ")
    assert not text.isupper()
    assert "made-up" not in text


@pytest.mark.parametrize("url", ["", "postgresql+psycopg://", "postgresql+psycopg://hub:p@host:5432/hub?x=y"])
def test_a_database_is_a_url_for_the_driver_of_the_hub_or_none(url: str) -> None:
    assert make_settings(database_url=url).database_url.get_secret_value() == url
