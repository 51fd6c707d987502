"""Users, for admins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from muscope.backend.api.accounts.gate import ThisActor
from muscope.backend.api.deps import Ctx
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.services.accounts import users
from muscope.backend.services.accounts.views import InvitationRequest, LinkView, UserChange, UserView

router = APIRouter(prefix="/users", tags=["accounts"])

UserId = Annotated[UUID, Path(description="A user's id.")]


@router.get("", summary="List users", response_class=Response, responses=list_responses(UserView) | errors())
def list_users(context: Ctx, page: Page) -> Response:
    """List the users by name."""
    return page.of(users.list_users(context))


@router.post("", summary="Invite a user", status_code=201, responses=errors(404, 409, 413))
def invite_user(context: Ctx, actor: ThisActor, body: InvitationRequest) -> LinkView:
    """Make a user and return a link that sets the password once, within three days.

    A viewer reads the things of one user: the one named, or the admin who invites.
    """
    return users.invite(context, actor, body)


@router.patch("/{user_id}", summary="Change a user", responses=errors(404, 409, 413))
def change_user(context: Ctx, actor: ThisActor, user_id: UserId, body: UserChange) -> UserView:
    """Change a user's role, or deactivate one, which ends all sessions and tokens; what is owned stays.

    It holds from the next request on. The last active admin can be neither.
    """
    return users.change_user(context, actor, user_id, body)


@router.post("/{user_id}/link", summary="Make a new link", status_code=201, responses=errors(404))
def make_link(context: Ctx, actor: ThisActor, user_id: UserId) -> LinkView:
    """Return a link by which a user sets a new password once, within an hour; earlier links end."""
    return users.new_link(context, actor, user_id)
