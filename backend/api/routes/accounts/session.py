"""The session of a browser: who is signed in, signing in and out, using a one-time link."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.accounts.cookies import drop_cookie, read_cookie, set_cookie
from muscope.backend.api.accounts.gate import place_of
from muscope.backend.api.deps import MaybeVisitor, Serving
from muscope.backend.api.documented import errors
from muscope.backend.services.accounts import own_account, sign_in
from muscope.backend.services.accounts.sign_in import session_view
from muscope.backend.services.accounts.views import InvitationAnswer, SessionView, SignInRequest

router = APIRouter(tags=["accounts"])


@router.get("/session", summary="See who is signed in", responses=errors())
async def get_session(serving: Serving, visitor: MaybeVisitor, response: Response) -> SessionView:
    """Return who is signed in and what that allows; without accounts everybody may do everything."""
    response.headers["Cache-Control"] = "no-store"
    return await serving.run(session_view, visitor)


@router.post("/session", summary="Sign in", responses=errors(413, 429))
async def begin_session(
    serving: Serving, request: Request, response: Response, body: SignInRequest
) -> SessionView:
    """Begin a session in this browser; an earlier one of the browser ends.

    A wrong name and a wrong password get the same answer. After five wrong passwords in a row each further
    one doubles the time to wait, up to a quarter of an hour.
    """
    settings = serving.context.settings
    old = read_cookie(settings, request)

    def use_case() -> sign_in.SignedIn:
        return sign_in.sign_in(serving.context, body.name, body.password, place_of(request), old=old)

    done = await to_thread.run_sync(use_case, limiter=serving.hashers)
    set_cookie(settings, request, response, done.secret)
    return done.view


@router.delete("/session", summary="Sign out", status_code=204, responses=errors())
async def end_session(serving: Serving, request: Request, response: Response, visitor: MaybeVisitor) -> None:
    """End this browser's session, on the server too."""
    await serving.run(sign_in.sign_out, visitor)
    drop_cookie(serving.context.settings, request, response)


@router.post("/invitation", summary="Use a one-time link", responses=errors(413, 429))
async def use_invitation(
    serving: Serving, request: Request, response: Response, body: InvitationAnswer
) -> SessionView:
    """Set a password by a one-time link and sign in; the first link of an installation makes its first admin.

    A link that is unknown, used or too old gets 401. A password that is refused does not use the link up.
    """
    done = await to_thread.run_sync(
        own_account.accept_link, serving.context, body, place_of(request), limiter=serving.hashers
    )
    set_cookie(serving.context.settings, request, response, done.secret)
    return done.view
