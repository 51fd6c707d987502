"""The commands that keep a server: its users, backup and restoration."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.grammar.parser import Commands

# As `muscope.backend.accounts.roles` has them; the grammar imports nothing of what it starts.
ROLES = ("viewer", "runner", "admin")


def add_keeping_commands(commands: Commands) -> None:
    """Add `muscope backup`, `muscope restore` and `muscope retention`."""
    backup = commands.add("backup")
    backup.add_argument("file", metavar="FILE", type=Path, help=backup.say("backup.file"))
    restore = commands.add("restore")
    restore.add_argument("file", metavar="FILE", type=Path, help=restore.say("restore.file"))
    place = restore.add_mutually_exclusive_group(required=True)
    place.add_argument("--into", metavar="FOLDER", type=Path, help=restore.say("restore.into"))
    place.add_argument("--into-server", action="store_true", help=restore.say("restore.into_server"))
    retention = commands.add("retention")
    retention.add_argument("--days", metavar="N", type=int, help=retention.say("retention.days"))
    retention.add_argument("--apply", action="store_true", help=retention.say("retention.apply"))
    retention.add_argument("--shown", action="store_true", help=retention.say("retention.shown"))


def add_users_command(commands: Commands) -> None:
    """Add `muscope users`, which works on the database itself, with or without a running server."""
    users = commands.add("users")
    actions = users.add_commands("action")
    actions.add("list", "users.list")
    actions.add("first-link", "users.first_link")
    invite = actions.add("invite", "users.invite")
    invite.add_argument("name", metavar="NAME", help=invite.say("users.name"))
    invite.add_argument("--role", choices=ROLES, default="runner", help=invite.say("users.role"))
    invite.add_argument("--reads", metavar="NAME", help=invite.say("users.reads"))
    role = actions.add("role", "users.change_role")
    role.add_argument("name", metavar="NAME", help=role.say("users.name"))
    role.add_argument("role", choices=ROLES, help=role.say("users.role"))
    for action in ("link", "deactivate", "activate"):
        parser = actions.add(action, f"users.{action}")
        parser.add_argument("name", metavar="NAME", help=parser.say("users.name"))
