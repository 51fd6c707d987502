"""Signing in by an OpenID provider (authorization code with PKCE), and linking its account to one's own."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.accounts import cookies
from muscope.backend.api.accounts.gate import ThisActor, place_of
from muscope.backend.api.deps import MaybeVisitor, Serving, ThisVisitor
from muscope.backend.api.documented import errors
from muscope.backend.services.accounts.provider import sign_in
from muscope.backend.services.accounts.provider.views import (
    IdentityView,
    ProviderAddress,
    ProviderAnswer,
    ProviderRequest,
    ProviderSession,
    ProviderView,
)
from muscope.backend.settings import Settings

router = APIRouter(tags=["accounts"])
# Page of ours that the provider leads back to; it sends what stands in its address to `come_back`.
RETURN = "/sign-in/return"


@router.get("/session/provider", summary="See the OpenID provider", responses=errors())
async def get_provider(serving: Serving) -> ProviderView:
    """Return whether one can sign in by an OpenID provider, and its name."""
    return ProviderView(name=None if serving.provider is None else serving.provider.name)


@router.post(
    "/session/provider", summary="Leave for the OpenID provider", responses=errors(404, 409, 413, 429)
)
async def leave_for_provider(
    serving: Serving, request: Request, response: Response, visitor: MaybeVisitor, body: ProviderRequest
) -> ProviderAddress:
    """Return the address to open in this browser, which gets a cookie that the answer is bound to.

    503 says that the provider does not answer; signing in by password works nevertheless.
    """
    settings = serving.context.settings
    use_case = partial(
        sign_in.leave,
        serving.context,
        serving.provider,
        body,
        _return_address(settings, request),
        visitor,
        place_of(request),
    )
    leaving = await to_thread.run_sync(use_case, limiter=serving.providers)
    cookies.set_login_cookie(settings, request, response, leaving.secret)
    response.headers["Cache-Control"] = "no-store"
    return ProviderAddress(address=leaving.address)


@router.post(
    "/session/provider/answer",
    summary="Come back from the OpenID provider",
    responses=errors(404, 409, 413, 429),
)
async def come_back_from_provider(
    serving: Serving, request: Request, response: Response, visitor: MaybeVisitor, body: ProviderAnswer
) -> ProviderSession:
    """Begin a session for the person whom the provider names; it counts once, and in this browser only.

    A person without an account gets one if the operator has allowed the verified e-mail address or domain.
    """
    settings = serving.context.settings
    back = sign_in.Return(
        secret=cookies.read_login_cookie(settings, request),
        address=_return_address(settings, request),
        visitor=visitor,
        old_session=cookies.read_cookie(settings, request),
        place=place_of(request),
    )
    use_case = partial(sign_in.come_back, serving.context, serving.provider, body, back)
    done = await to_thread.run_sync(use_case, limiter=serving.providers)
    cookies.set_cookie(settings, request, response, done.secret)
    cookies.drop_login_cookie(settings, request, response)
    response.headers["Cache-Control"] = "no-store"
    return done.view


@router.get("/account/identity", summary="See the linked provider account", responses=errors(404))
async def get_identity(serving: Serving, visitor: ThisVisitor) -> IdentityView:
    """Return whether an account at the OpenID provider signs in as the present user."""
    return await serving.run(sign_in.identity_view, serving.provider, visitor)


@router.delete(
    "/account/identity", summary="Unlink the provider account", status_code=204, responses=errors(404, 409)
)
async def forget_identity(serving: Serving, visitor: ThisVisitor, actor: ThisActor) -> None:
    """End the link to the provider's account; 409 for a user without a password, who would be shut out."""
    await serving.run(sign_in.disconnect, serving.provider, visitor, actor)


def _return_address(settings: Settings, request: Request) -> str:
    """Return where the provider leads back to; the Host header is one of the allowed ones by then."""
    ours = settings.public_url or f"{request.scope['scheme']}://{request.headers['host']}"
    return f"{ours.rstrip('/')}{RETURN}"
