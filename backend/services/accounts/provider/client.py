"""The OpenID provider over HTTP: what it publishes of itself, and the exchange of a code for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import httpx2
from pydantic import BaseModel, Field, ValidationError

from muscope.backend.accounts.admission import Identity, identity_of
from muscope.backend.accounts.secrets import derived
from muscope.backend.errors import Unauthorized, Unavailable
from muscope.backend.services.accounts.provider.id_token import Expected, read_id_token
from muscope.backend.settings import TLS_ADDRESS, Settings

_ANSWER_SECONDS = 10.0
_LARGEST_ANSWER = 1 << 20
_METADATA_HOLDS = timedelta(minutes=10)

Address = Annotated[str, Field(pattern=TLS_ADDRESS)]


class Metadata(BaseModel):
    """Part of a provider's metadata (OpenID Connect Discovery 1.0) that is used here."""

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    userinfo_endpoint: Address | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass
class Provider:
    """An OpenID provider as the settings name it; it keeps the metadata for some minutes.

    Attributes:
        transport: of the requests to the provider; None for the network.
    """

    settings: Settings
    issuer: str
    transport: httpx2.BaseTransport | None = None
    _known: tuple[datetime, Metadata] | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Return the name that people read: the operator's, or the issuer's host."""
        return self.settings.oidc_name or httpx2.URL(self.issuer).host

    def address_for(self, secret: str, return_address: str, now: datetime) -> str:
        """Return the address that a browser leaves for.

        Raises Unavailable for a provider that does not answer or publishes something else than expected.
        """
        with self._oauth(metadata := self.metadata(now), return_address) as client:
            address, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=derived(secret, "state"),
                nonce=derived(secret, "nonce"),
                code_verifier=derived(secret, "verifier"),
            )
        return str(address)

    def identify(self, code: str, secret: str, return_address: str, now: datetime) -> Identity:
        """Return the person for whom the provider gave a code.

        Raises Unauthorized for a code or an ID token that does not hold, Unavailable without the provider.
        """
        metadata = self.metadata(now)
        answer = self._exchange(metadata, code, secret, return_address)
        published = self._get(metadata.jwks_uri)
        access_token = answer.get("access_token")
        expected = Expected(
            issuer=self.issuer,
            client_id=str(self.settings.oidc_client_id),
            nonce=derived(secret, "nonce"),
            now=now,
            skew_seconds=self.settings.oidc_clock_skew_seconds,
        )
        claims = read_id_token(str(answer.get("id_token", "")), published, expected, access_token)
        if "email" not in claims and metadata.userinfo_endpoint and isinstance(access_token, str):
            claims = self._with_user_info(metadata.userinfo_endpoint, access_token, claims)
        return identity_of(self.issuer, claims, self.settings.oidc_role_claim)

    def metadata(self, now: datetime) -> Metadata:
        """Return what the provider publishes of itself; raises Unavailable."""
        if self._known is None or now - self._known[0] >= _METADATA_HOLDS:
            well_known = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = self._get(self.settings.oidc_metadata_url or well_known)
            try:
                metadata = Metadata.model_validate(found)
            except ValidationError as error:
                fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
                raise Unavailable("provider.unusable", name=self.name, fields=fields) from error
            if metadata.issuer != self.issuer:
                given = metadata.issuer[:255]
                raise Unavailable("provider.issuer_differs", expected=self.issuer, given=given)
            self._known = (now, metadata)
        return self._known[1]

    def _exchange(self, metadata: Metadata, code: str, secret: str, return_address: str) -> Mapping[str, Any]:
        from authlib.integrations.base_client import OAuthError

        try:
            with self._oauth(metadata, return_address) as client:
                answer: Mapping[str, Any] = client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=derived(secret, "verifier"),
                )
        except OAuthError as error:
            raise Unauthorized("provider.code_refused", name=self.name, reason=word(error.error)) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        return answer

    def _with_user_info(self, address: str, access_token: str, claims: dict[str, Any]) -> dict[str, Any]:
        """Add what the provider tells only at its endpoint for user info; it must tell of the same person."""
        info = self._get(address, {"Authorization": f"Bearer {access_token}"})
        if info.get("sub") != claims["sub"]:
            raise Unauthorized("provider.token_invalid", reason="sub: userinfo")
        return {**info, **claims}

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            with httpx2.Client(transport=self.transport, timeout=_ANSWER_SECONDS) as client:
                content = bytearray()
                with client.stream("GET", address, headers=headers) as reply:
                    reply.raise_for_status()
                    for chunk in reply.iter_bytes():
                        content += chunk
                        if len(content) > _LARGEST_ANSWER:
                            raise ValueError("larger than expected")
            found = json.loads(bytes(content))
            if reply.has_redirect_location or not isinstance(found, dict):
                raise ValueError("no object")
        except (httpx2.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        return found

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable("provider.unreachable", name=self.name, reason=type(error).__name__)

    def _oauth(self, metadata: Metadata, return_address: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        secret = self.settings.secret("oidc_client_secret")
        return OAuth2Client(
            client_id=self.settings.oidc_client_id,
            client_secret=secret,
            token_endpoint_auth_method=_auth_method(metadata, secret),
            scope=self.settings.oidc_scopes,
            redirect_uri=return_address,
            code_challenge_method="S256",
            transport=self.transport,
            timeout=_ANSWER_SECONDS,
        )


def _auth_method(metadata: Metadata, secret: str | None) -> str:
    if secret is None:
        return "none"
    offered = metadata.token_endpoint_auth_methods_supported
    is_only_post = "client_secret_post" in offered and "client_secret_basic" not in offered
    return "client_secret_post" if is_only_post else "client_secret_basic"


def word(text: object) -> str:
    """Return an error's code as OAuth writes codes; other text could be anything."""
    is_code = isinstance(text, str) and text.isascii() and text.replace("_", "").isalnum() and len(text) <= 64
    return str(text) if is_code else "unknown"


def open_provider(settings: Settings) -> Provider | None:
    """Return the provider of the settings; None without one."""
    return None if settings.oidc_issuer is None else Provider(settings, settings.oidc_issuer)
