"""The command `muscope users`: for an operator on the server's machine, whose rights the database gives."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping

from muscope.backend.accounts.roles import Role
from muscope.backend.catalogue import text
from muscope.backend.commands.output import print_table
from muscope.backend.db import migrate
from muscope.backend.errors import InvalidInput
from muscope.backend.services.accounts import users as use_cases
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.views import InvitationRequest, LinkView, UserChange
from muscope.backend.services.context import Context, open_context
from muscope.backend.settings import Settings


def users(options: Namespace, settings: Settings, language: str) -> None:
    """List, invite and change users, in a database that is brought to this version's schema first."""
    migrate.upgrade(settings)
    with open_context(settings) as context:
        _ACTIONS[options.action](context, options, language)


def _list(context: Context, _options: Namespace, language: str) -> None:
    found = use_cases.list_users(context)
    if not found:
        print(text("users.none", language))
        return
    states = {True: "users.active", False: "users.inactive"}
    print_table((each.name, each.role.value, text(states[each.is_active], language)) for each in found)


def _first_link(context: Context, _options: Namespace, language: str) -> None:
    path = use_cases.first_link(context)
    if path is not None:
        print(text("users.first_link", language, address=_address(context.settings, path)))


def _invite(context: Context, options: Namespace, language: str) -> None:
    try:
        request = InvitationRequest(name=options.name, role=options.role, reads=options.reads)
    except ValueError as error:
        raise InvalidInput("user.name_form", name=options.name) from error
    _say_link(context, use_cases.invite(context, COMMAND_LINE, request), language)


def _link(context: Context, options: Namespace, language: str) -> None:
    user_id = use_cases.user_named(context, options.name)
    _say_link(context, use_cases.new_link(context, COMMAND_LINE, user_id), language)


def _change(context: Context, options: Namespace, language: str) -> None:
    change = {
        "role": lambda: UserChange(role=Role(options.role)),
        "activate": lambda: UserChange(is_active=True),
        "deactivate": lambda: UserChange(is_active=False),
    }[options.action]()
    user_id = use_cases.user_named(context, options.name)
    view = use_cases.change_user(context, COMMAND_LINE, user_id, change)
    state = text("users.active" if view.is_active else "users.inactive", language)
    print(text("users.changed", language, name=view.name, role=view.role.value, state=state))


def _say_link(context: Context, link: LinkView, language: str) -> None:
    until = link.expires_at.strftime("%Y-%m-%d %H:%M UTC")
    address = _address(context.settings, link.path)
    print(text("users.link", language, name=link.user.name, address=address, until=until))


def _address(settings: Settings, path: str) -> str:
    """Return the address of a path as people open it: behind the proxy, or on this machine."""
    from muscope.backend.stack.web_address import address

    return (settings.public_url or address(settings)).rstrip("/") + path


_ACTIONS: Mapping[str, Callable[[Context, Namespace, str], None]] = {
    "list": _list,
    "first-link": _first_link,
    "invite": _invite,
    "link": _link,
    "role": _change,
    "activate": _change,
    "deactivate": _change,
}
