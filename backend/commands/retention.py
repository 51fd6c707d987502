"""The command `muscope retention`: shows what is older than it is kept, and deletes it on demand."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta

from muscope.backend.catalogue import text
from muscope.backend.commands.output import print_table
from muscope.backend.db import migrate
from muscope.backend.errors import InvalidInput
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.context import Context, open_context
from muscope.backend.services.retention.applying import delete_expired
from muscope.backend.services.retention.finding import Rule, find_expired
from muscope.backend.settings import Settings


def retention(options: Namespace, settings: Settings, language: str) -> None:
    """Print what is older than `options.days` or the setting; delete it where `options.apply` says so.

    Raises InvalidInput without a number of days, or for less than one: that would delete what has just ended.
    """
    days = settings.keep_days if options.days is None else options.days
    if days is None or days < 1:
        raise InvalidInput("retention.no_days")
    migrate.upgrade(settings)
    with open_context(settings) as context:
        rule = Rule(before=context.now() - timedelta(days=days), with_shown=options.shown)
        if options.apply:
            deleted = delete_expired(context, COMMAND_LINE, rule)
            print(text("retention.deleted", language, days=days, **deleted))
        else:
            _show(context, rule, days, language)


def _show(context: Context, rule: Rule, days: int, language: str) -> None:
    with context.database.read() as session:
        expired = find_expired(session, rule)
    print_table(
        (text(f"retention.{kind}", language), each.owner_id, each.at.strftime("%Y-%m-%d"), each.name)
        for kind, each in expired.lines()
    )
    print(text("retention.would_delete", language, days=days, **expired.counts))
    if expired.num_tagged or expired.num_shown:
        print(text("retention.stays", language, tagged=expired.num_tagged, shown=expired.num_shown))
