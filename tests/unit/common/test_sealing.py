"""Sealed personal data: any JOSE library with the right key opens them, nobody else."""

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.common.sealing import ALGORITHM, ENCRYPTION, Sealer, new_data_key, public_key

TEXT = json.dumps({"kenmerk": "H-1", "persoon": {"geslachtsnaam": "Jansén"}}, ensure_ascii=False).encode()


def new_key(kid: str | None = None) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": kid} if kid else None)


def sealer_for(key: ECKey) -> Sealer:
    return Sealer(json.dumps(key.as_dict(private=False)))


def opened(sealed: bytes, key: ECKey) -> jwe.CompactEncryption:
    return jwe.decrypt_compact(sealed, key, algorithms=[ALGORITHM, ENCRYPTION])


def test_the_holder_of_the_key_opens_it_with_another_library() -> None:
    key = new_key(kid="gm-1")
    found = opened(sealer_for(key).seal(TEXT, new_data_key()), key)
    assert found.plaintext == TEXT
    assert found.headers()["kid"] == "gm-1"


def test_no_other_key_opens_it() -> None:
    sealed = sealer_for(new_key()).seal(TEXT, new_data_key())
    with pytest.raises((JoseError, ValueError)):
        opened(sealed, new_key())


def test_a_changed_byte_is_noticed() -> None:
    key = new_key()
    sealed = bytearray(sealer_for(key).seal(TEXT, new_data_key()))
    sealed[-30] = ord("A") if sealed[-30] != ord("A") else ord("B")
    with pytest.raises((JoseError, ValueError)):
        opened(bytes(sealed), key)


def test_one_ephemeral_key_serves_a_delivery_and_each_delivery_has_its_own() -> None:
    key = new_key()
    sealer, data_key = sealer_for(key), new_data_key()
    first, second = sealer.seal(TEXT, data_key), sealer.seal(TEXT, data_key)
    assert first.split(b".")[0] == second.split(b".")[0]
    assert first.split(b".")[2] != second.split(b".")[2], "each text has its own IV"
    assert sealer_for(key).seal(TEXT, data_key).split(b".")[0] != first.split(b".")[0]
    assert opened(second, key).plaintext == TEXT


def _changed(**change: Any) -> Any:
    return {**new_key().as_dict(private=False), **change}


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "text",
        {},
        new_key().as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=False),
        _changed(x="AAAA"),
        _changed(x=new_key().as_dict(private=False)["x"]),
        _changed(y=5),
        _changed(x="é"),
    ],
)
def test_anything_but_a_public_key_on_p256_is_refused(jwk: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        public_key(jwk)
    with pytest.raises(ValueError, match=r"."):
        Sealer(json.dumps(jwk))
