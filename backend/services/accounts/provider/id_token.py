"""Validation of ID tokens: signature by a key that the provider publishes, and every claim that binds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from muscope.backend.errors import Unauthorized

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

# Never chosen by the token: neither `none` nor a symmetric one, for which a public key would be the secret.
ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
]
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})


@dataclass(frozen=True)
class Expected:
    """Values that an ID token must have to belong to this sign-in.

    Attributes:
        skew_seconds: how far the provider's clock may be from ours.
    """

    issuer: str
    client_id: str
    nonce: str
    now: datetime
    skew_seconds: int


def read_id_token(
    text: str, published: Mapping[str, Any], expected: Expected, access_token: str | None = None
) -> dict[str, Any]:
    """Return the claims of an ID token.

    Args:
        published: the provider's key set as JSON.
        access_token: that came along; checked against the token's `at_hash` if it has one.

    Raises Unauthorized, with what is wrong, for a token that does not hold.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import ClaimError, JoseError

    try:
        token = jwt.decode(text, _keys(published), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            params={
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": access_token,
            },
        )
        claims.validate(now=int(expected.now.timestamp()), leeway=expected.skew_seconds)
    except ClaimError as error:
        raise Unauthorized("provider.token_invalid", reason=f"{error.claim}: {error.error}") from error
    except (JoseError, ValueError, TypeError) as error:
        # Words of the library for a value error may hold parts of the token.
        reason = error.error if isinstance(error, JoseError) else "unreadable"
        raise Unauthorized("provider.token_invalid", reason=reason) from error
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise Unauthorized("provider.token_invalid", reason="sub: invalid_claim")
    return dict(claims)


def _keys(published: Mapping[str, Any]) -> KeySet:
    """Return the public keys for signatures; a key of a kind that is not known does not spoil the others."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet, import_key

    listed = published.get("keys")
    keys = []
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in _KEY_TYPES or each.get("use") == "enc":
            continue
        try:
            keys.append(import_key(each))
        except (JoseError, ValueError, TypeError):
            continue
    return KeySet(keys)
