"""A real OpenID provider (`oidc-provider-mock`) in this process, without a network, and a browser for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from muscope.backend.accounts.roles import Role
from muscope.backend.db.schema.account_tables import UserRow
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.provider.client import Provider
from muscope.backend.services.accounts.provider.sign_in import CameBack, Leaving, Return, come_back, leave
from muscope.backend.services.accounts.provider.views import ProviderAnswer, ProviderRequest
from muscope.backend.services.accounts.sign_in import Place
from muscope.backend.services.accounts.users import invite
from muscope.backend.services.accounts.views import InvitationRequest
from muscope.backend.services.context import Context

ISSUER = "http://localhost:9400"
CLIENT_ID = "muscope"
RETURN = "https://tools.example/muscope/sign-in/return"
PLACE = Place("10.0.0.7", "browser")
SATO = {"email": "a.sato@example.com", "email_verified": True, "groups": ["ml-team"]}
Forge = Callable[[dict[str, Any]], dict[str, Any]]


def mock_app(people: dict[str, dict[str, Any]]) -> Any:
    """Return the provider as an application of WSGI."""
    import authlib.deprecate  # noqa: F401 (it puts a filter of its own in front of others)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock

    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in people.items()]
    return oidc_provider_mock.app(require_nonce=True, user_claims=users)


@cache
def forger() -> RSAKey:
    """Return the key of whoever signs forged tokens."""
    return RSAKey.generate_key(2048, {"kid": "forged"})


@dataclass
class Wire(httpx2.BaseTransport):
    """The way to the provider, on which a test reads along, forges ID tokens or cuts the line.

    Attributes:
        forge: returns other claims of an ID token, which are signed with `key` again.
        publishes: whether the key set has `key` in it.
        told: bodies that were sent to the token endpoint.
    """

    app: Any
    forge: Forge | None = None
    key: RSAKey = field(default_factory=forger)
    algorithm: str = "RS256"
    publishes: bool = True
    is_cut: bool = False
    told: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_cut:
            raise httpx2.ConnectError("no route", request=request)
        path = request.url.path
        self.asked.append(path)
        if path == "/oauth2/token":
            self.told.append(dict(parse_qsl(request.read().decode())))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the mock uses what its library has marked as old
            answer = httpx2.WSGITransport(app=self.app).handle_request(request)
            answer.read()
        if path == "/oauth2/token" and self.forge is not None and answer.status_code == 200:
            return self._forged(answer.json())
        if path == "/jwks" and self.forge is not None and self.publishes:
            return httpx2.Response(200, json=KeySet([self.key]).as_dict(private=False))
        return answer

    def _forged(self, token: dict[str, Any]) -> httpx2.Response:
        assert self.forge is not None
        claims = jwt.decode(token["id_token"], self.provider_keys()).claims
        header = {"alg": self.algorithm, "kid": "forged"}
        return httpx2.Response(
            200, json=token | {"id_token": jwt.encode(header, self.forge(dict(claims)), self.key)}
        )

    def provider_keys(self) -> KeySet:
        """Return the keys that the mock publishes itself."""
        with httpx2.Client(transport=httpx2.WSGITransport(app=self.app)) as client:
            return KeySet.import_key_set(client.get(f"{ISSUER}/jwks").json())


def approve(wire: Wire, address: str, subject: str) -> ProviderAnswer:
    """Sign in at the provider's page as a person would, and return what it puts into the address."""
    with warnings.catch_warnings(), httpx2.Client(transport=httpx2.WSGITransport(app=wire.app)) as client:
        warnings.simplefilter("ignore")
        reply = client.post(address, data={"sub": subject})
    assert reply.status_code == 302, reply.text
    assert reply.headers["location"].startswith(RETURN.partition("?")[0]) or "/sign-in/return" in address
    return ProviderAnswer(**dict(parse_qsl(urlsplit(reply.headers["location"]).query)))


@dataclass
class Visit:
    """One browser at one installation."""

    context: Context
    provider: Provider
    wire: Wire

    def leaves(self, to: str = "/", **options: Any) -> Leaving:
        """Leave for the provider."""
        visitor = options.pop("visitor", None)
        request = ProviderRequest(to=to, **options)
        return leave(self.context, self.provider, request, RETURN, visitor, PLACE)

    def returns(self, secret: str | None, answer: ProviderAnswer, visitor: Any = None) -> CameBack:
        """Come back with an answer."""
        back = Return(secret, RETURN, visitor, None, PLACE)
        return come_back(self.context, self.provider, answer, back)

    def signs_in(self, subject: str, to: str = "/") -> CameBack:
        """Do all of it."""
        leaving = self.leaves(to)
        return self.returns(leaving.secret, approve(self.wire, leaving.address, subject))

    def user(self, name: str) -> UserRow:
        """Return the row of a user."""
        with self.context.database.read() as session:
            return session.query(UserRow).filter_by(name=name).one()

    def invite(self, name: str, role: Role = Role.RUNNER, **more: Any) -> None:
        """Invite a user, who has no password yet."""
        invite(self.context, COMMAND_LINE, InvitationRequest(name=name, role=role, **more))
