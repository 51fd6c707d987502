"""ID tokens that hold, and each way in which one does not."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from muscope.backend.errors import Unauthorized
from muscope.backend.services.accounts.provider.id_token import Expected, read_id_token
from tests.backend.services.accounts.provider.mock import CLIENT_ID, ISSUER, forger

NOW = 1_800_000_000
EXPECTED = Expected(ISSUER, CLIENT_ID, "the nonce", datetime.fromtimestamp(NOW, UTC), skew_seconds=60)
RIGHT = {"iss": ISSUER, "aud": CLIENT_ID, "sub": "sato", "nonce": "the nonce", "iat": NOW, "exp": NOW + 300}
PUBLISHED = KeySet([forger()]).as_dict(private=False)


def signed(changed: dict[str, Any], key: Any = None, **header: Any) -> str:
    """Return a token with other claims; None leaves one out."""
    claims = {name: value for name, value in (RIGHT | changed).items() if value is not None}
    header = {"alg": "RS256", "kid": "forged"} | header
    return jwt.encode(header, claims, key or forger(), algorithms=[header["alg"]])


def reason(text: str, published: Any = PUBLISHED, access_token: str | None = None) -> str | None:
    """Return what is wrong with a token; None for one that holds."""
    try:
        read_id_token(text, published, EXPECTED, access_token)
    except Unauthorized as error:
        return str(error.params["reason"])
    return None


def headed(algorithm: str) -> str:
    return encoded(json.dumps({"alg": algorithm, "kid": "forged"}).encode())


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"aud": [CLIENT_ID]}, None),
        ({"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}, None),
        ({"exp": NOW - 50}, None),
        ({"iat": NOW + 50}, None),
        ({"nonce": "another"}, "nonce: invalid_claim"),
        ({"nonce": None}, "nonce: missing_claim"),
        ({"aud": "another"}, "aud: invalid_claim"),
        ({"aud": None}, "aud: missing_claim"),
        ({"aud": [CLIENT_ID, "another"]}, "azp: missing_claim"),
        ({"azp": "another"}, "azp: invalid_claim"),
        ({"iss": f"{ISSUER}/"}, "iss: invalid_claim"),
        ({"iss": None}, "iss: missing_claim"),
        ({"exp": NOW - 70}, "exp: expired_token"),
        ({"exp": None}, "exp: missing_claim"),
        ({"exp": "soon"}, "exp: invalid_claim"),
        ({"iat": NOW + 70}, "iat: invalid_claim"),
        ({"nbf": NOW + 70}, "nbf: invalid_claim"),
        ({"sub": ""}, "sub: invalid_claim"),
        ({"sub": None}, "sub: missing_claim"),
        ({"sub": 7}, "sub: invalid_claim"),
        ({"sub": "x" * 256}, "sub: invalid_claim"),
    ],
)
def test_every_claim_that_binds_a_token_is_checked(changed: dict[str, Any], expected: str | None):
    assert reason(signed(changed)) == expected


def test_another_signature_a_changed_token_and_an_unknown_key_are_refused():
    other = RSAKey.generate_key(2048, {"kid": "forged"})
    text = signed({})
    head, _, signature = text.split(".")
    body = encoded(json.dumps(RIGHT | {"sub": "boss"}).encode())

    assert reason(signed({}, other)) == "bad_signature"
    assert reason(f"{head}.{body}.{signature}") == "bad_signature"
    assert reason(signed({}, kid="another")) == "invalid_key_id"
    assert reason(text, {"keys": []}) is not None


def test_the_token_does_not_choose_a_weaker_algorithm():
    body = signed({}).split(".")[1]
    by_public_key = f"{headed('HS256')}.{body}"
    mark = hmac.digest(forger().as_pem(private=False), by_public_key.encode(), "sha256")
    shared = {"kty": "oct", "kid": "forged", "k": encoded(forger().as_pem(private=False))}

    assert reason(f"{by_public_key}.{encoded(mark)}") == "unsupported_algorithm"
    assert reason(f"{by_public_key}.{encoded(mark)}", {"keys": [shared]}) is not None
    assert reason(f"{headed('none')}.{body}.") == "unsupported_algorithm"
    for text in ("", "a", "a.b.c", "..", "é.é.é", signed({})[:-1] + "\n"):
        assert reason(text) is not None


def test_a_key_of_another_kind_does_not_spoil_the_set():
    strange = [{"kty": "AKP", "kid": "new"}, {"kty": "RSA", "kid": "broken"}, 7]
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    published = {"keys": [*strange, *PUBLISHED["keys"], curve.as_dict(private=False)]}

    assert reason(signed({}), published) is None
    assert reason(signed({}, curve, alg="ES256", kid="curve"), published) is None


def test_an_access_token_that_the_id_token_was_not_given_with_is_refused():
    text = signed({"at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng"})

    assert reason(text, access_token="another") == "at_hash: invalid_claim"
