"""Cookie of a browser's session: of no use to scripts, never sent by another site's forms."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.accounts.lifetimes import PROVIDER_LOGIN, SESSION
from muscope.backend.settings import Settings


def cookie_name(settings: Settings, request: Request) -> str:
    """Return the cookie's name; cookies know no ports, so two servers of one machine have two names."""
    return "__Host-muscope" if _is_secure(settings, request) else f"muscope_{settings.port}"


def read_cookie(settings: Settings, request: Request) -> str | None:
    """Return the secret of the session that a browser sends."""
    return request.cookies.get(cookie_name(settings, request))


def set_cookie(settings: Settings, request: Request, response: Response, secret: str) -> None:
    """Give the browser a session's secret."""
    response.set_cookie(
        cookie_name(settings, request),
        secret,
        max_age=int(SESSION.total_seconds()),
        path="/",
        secure=_is_secure(settings, request),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(settings: Settings, request: Request, response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(
        cookie_name(settings, request),
        path="/",
        secure=_is_secure(settings, request),
        httponly=True,
        samesite="lax",
    )


def read_login_cookie(settings: Settings, request: Request) -> str | None:
    """Return the secret of a browser that has left for the OpenID provider."""
    return request.cookies.get(_login_cookie_name(settings, request))


def set_login_cookie(settings: Settings, request: Request, response: Response, secret: str) -> None:
    """Give a browser that leaves for the OpenID provider the secret it comes back with."""
    response.set_cookie(
        _login_cookie_name(settings, request),
        secret,
        max_age=int(PROVIDER_LOGIN.total_seconds()),
        path="/",
        secure=_is_secure(settings, request),
        httponly=True,
        samesite="lax",
    )


def drop_login_cookie(settings: Settings, request: Request, response: Response) -> None:
    """Have a browser that came back forget the secret."""
    response.delete_cookie(
        _login_cookie_name(settings, request),
        path="/",
        secure=_is_secure(settings, request),
        httponly=True,
        samesite="lax",
    )


def _login_cookie_name(settings: Settings, request: Request) -> str:
    return f"{cookie_name(settings, request)}_login"


def _is_secure(settings: Settings, request: Request) -> bool:
    """Tell whether people reach us by TLS, which may end at a proxy in front."""
    return request.scope["scheme"] == "https" or (settings.public_url or "").startswith("https:")
