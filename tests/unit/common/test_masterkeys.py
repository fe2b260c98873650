"""The master keys of the vault: the first wraps, all are read."""

import base64

import pytest

from services.common.errors import ConfigurationError, TransientError
from services.common.masterkeys import MasterKeys
from services.common.sealing import new_data_key

OLD, NEW = (base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2))


def test_what_an_older_key_wrapped_is_read_as_long_as_it_is_named() -> None:
    data_key = new_data_key()
    wrapped = MasterKeys.of(OLD).wrap(data_key)
    assert MasterKeys.of(f"{NEW} {OLD}").unwrap(wrapped) == data_key
    with pytest.raises(TransientError, match="SIGNAALHUB_VAULT_KEY"):
        MasterKeys.of(NEW).unwrap(wrapped)


def test_the_first_key_wraps() -> None:
    data_key = new_data_key()
    wrapped = MasterKeys.of(f"{NEW} {OLD}").wrap(data_key)
    assert MasterKeys.of(NEW).unwrap(wrapped) == data_key


def test_the_name_is_that_of_the_first_key_and_says_nothing_of_it() -> None:
    assert MasterKeys.of(f"{NEW} {OLD}").name == MasterKeys.of(NEW).name != MasterKeys.of(OLD).name
    assert MasterKeys.of(NEW).name not in NEW
    assert NEW not in repr(MasterKeys.of(NEW))
    assert "\\x02" not in repr(MasterKeys.of(NEW))


@pytest.mark.parametrize("text", ["", " ", "no base64!", "AAAA", f"{OLD} AAAA", OLD[:-4]])
def test_what_is_no_key_is_said_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigurationError, match="32 bytes in base64") as raised:
        MasterKeys.of(text)
    assert not text.strip() or text not in str(raised.value)
