"""Requests and answers about signing in by an OpenID provider."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.services.accounts.views import SessionView

# Path of ours: neither `//host` nor `/\\host`, which browsers read as another server.
Destination = Annotated[
    str, StringConstraints(pattern=r"^/([^/\\\x00-\x20][^\\\x00-\x20]*)?$", max_length=2000)
]
Visible = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=4096)]


def _example(**values: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class ProviderView(Frozen):
    """The OpenID provider of this installation."""

    name: str | None = Field(description="Name on a button for it; null if there is none.")


class ProviderRequest(Frozen):
    """Start of a sign-in by the provider."""

    model_config = _example(to="/experiments")

    to: Destination = Field(default="/", description="Page of ours to show afterwards.")
    connect: bool = Field(
        default=False,
        description="Do not sign in, but let the provider's account sign in as the present user from now on.",
    )


class ProviderAddress(Frozen):
    """Address that a browser leaves for."""

    address: str = Field(
        description="The provider's page for signing in; it leads back to `/sign-in/return`."
    )


class ProviderAnswer(Frozen):
    """Answer of the provider, from the address that it led back to."""

    model_config = _example(state="0" * 64, code="SplxlOBeZQQYbYS6WxSbIA")

    state: Visible
    code: Visible | None = None
    iss: Visible | None = None
    error: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="Reason of a refusal, as a code of OAuth 2."
    )


class ProviderSession(Frozen):
    """The session that was begun, and the page to show."""

    session: SessionView
    to: str


class IdentityView(Frozen):
    """The account at the OpenID provider that signs in as the present user."""

    provider: str
    is_linked: bool
    email: str | None
    linked_at: datetime | None
