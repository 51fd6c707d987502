"""The `muscope` command. Every subcommand imports only what it runs."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from muscope.backend.catalogue import text
from muscope.backend.child_environment import child_environment
from muscope.backend.command_line import command_parser
from muscope.backend.errors import MuscopeError
from muscope.backend.logs import set_up_logging
from muscope.backend.settings import Settings, get_settings
from muscope.backend.terminal import make_output_safe, terminal_language

FAILURE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an error of ours is one sentence on stderr and exit status 2."""
    make_output_safe(sys.stdout, sys.stderr)
    options = command_parser().parse_args(arguments)
    language = terminal_language(child_environment())
    try:
        settings = _read_settings()
        set_up_logging(settings)
        return _run(options, settings, language)
    except MuscopeError as error:
        print(sentence(error, language), file=sys.stderr)
        return FAILURE


def sentence(error: MuscopeError, language: str) -> str:
    """Return what a user reads about an error."""
    try:
        return text(f"error.{error.code}", language, **error.params)
    except KeyError:
        return str(error)


def _read_settings() -> Settings:
    from pydantic import ValidationError

    from muscope.backend.errors import InvalidInput

    try:
        return get_settings()
    except ValidationError as error:
        details = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        raise InvalidInput("settings_invalid", details=details) from error


def _run(options: argparse.Namespace, settings: Settings, language: str) -> int:
    match options.command:
        case "run":
            from muscope.backend.stack.run import run

            return run(settings, language, options.verbose)
        case "serve":
            from muscope.backend.stack.commands import web_command

            _replace_process(web_command(settings), {})
        case "worker":
            return _work(settings)
        case "conductor":
            from muscope.backend import conductor

            conductor.main()
        case "migrate":
            from muscope.backend.db.migrate import upgrade

            upgrade(settings)
        case "backup" | "restore":
            logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of itself when it is imported
            from muscope.backend.backup.commands import run_backup, run_restore

            perform = run_backup if options.command == "backup" else run_restore
            print(perform(settings, language, options))
        case "version":
            from importlib import metadata

            print(metadata.version("muscope"))
    return 0


def _work(settings: Settings) -> int:
    from muscope.backend.stack.commands import worker_nodes
    from muscope.backend.stack.devices import find_devices

    nodes = worker_nodes(settings, find_devices(settings.devices))
    if len(nodes) == 1:
        _replace_process(nodes[0].command, nodes[0].environment)
    from muscope.backend.stack.worker_group import run_nodes

    return run_nodes(nodes)


def _replace_process(command: tuple[str, ...], environment: dict[str, str]) -> None:
    sys.stdout.flush()
    os.execve(command[0], command, child_environment(**environment))


if __name__ == "__main__":
    sys.exit(main())
