"""The `muscope` command. Every subcommand imports only what it runs."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from muscope.backend.catalogue import error_text, text
from muscope.backend.child_processes import child_environment
from muscope.backend.command_line import command_parser
from muscope.backend.commands.terminal import make_output_safe, terminal_language
from muscope.backend.errors import MuscopeError
from muscope.backend.grammar.asking import CLIENT_COMMANDS
from muscope.backend.grammar.asking import FAILURE as ASKING_FAILURE
from muscope.backend.grammar.judging import FILE_COMMANDS

if TYPE_CHECKING:
    from muscope.backend.settings import Settings

FAILURE = 2
INTERRUPTED = 130  # as shells say it
OTHERS = 0o077  # what other local users may do with a file of ours: nothing


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; an error of ours is one sentence on stderr.

    Returns the exit status: after an error 2, or 1 of a command whose further statuses are answers.
    """
    make_output_safe(sys.stdout, sys.stderr)
    environment = child_environment()
    language = terminal_language(environment)
    parser = command_parser(language)
    options = parser.parse_args(arguments)
    language = getattr(options, "language", None) or language
    is_asking, is_of_file = options.command in CLIENT_COMMANDS, options.command in FILE_COMMANDS
    try:
        if is_asking:
            return _ask(options, language, environment, parser)
        if is_of_file:
            return _judge(options, language)
        return _serve(options, language)
    except KeyboardInterrupt:
        if not is_asking:
            raise
        return INTERRUPTED  # what was waited for goes on
    except BrokenPipeError:
        # Whoever reads the output has gone, as `head` does. Nothing is left to be flushed to it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MuscopeError as error:
        _tell(error, language, is_for_program=getattr(options, "json", False))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("muscope"):
            raise  # not a package that an extra brings
        print(text("error.command.not_installed", language, name=error.name or ""), file=sys.stderr)
    return ASKING_FAILURE if is_asking or is_of_file else FAILURE


def _tell(error: MuscopeError, language: str, *, is_for_program: bool) -> None:
    """Print an error as a sentence, and for a program as the JSON that a server answers with."""
    message = error_text(error, language)
    print(message, file=sys.stderr)
    if is_for_program:
        from muscope.backend.commands.output import print_json

        print_json({"error": {"code": error.code, "message": message, "params": error.params}})


def _ask(
    options: argparse.Namespace,
    language: str,
    environment: Mapping[str, str],
    parser: argparse.ArgumentParser,
) -> int:
    from muscope.backend.commands.run import execute

    return execute(options, language, environment, parser)


def _judge(options: argparse.Namespace, language: str) -> int:
    """Judge a sweep, check a model or translate rates; needs no settings, since all is in the input."""
    if options.command == "check":
        from muscope.backend.model_check.command import check

        return check(options, language)
    if options.command == "translate-lr":
        from muscope.backend.muon_rates.command import translate_lr

        return translate_lr(options, language)
    from muscope.backend.sweeps.command import judge

    return judge(options, language)


def _serve(options: argparse.Namespace, language: str) -> int:
    from muscope.backend.logs import set_up_logging

    # The database and its logs get their modes from here alone; children inherit it.
    before = os.umask(OTHERS)
    try:
        settings = _read_settings()
        set_up_logging(settings)
        return _run(options, settings, language)
    finally:
        os.umask(before)


def _read_settings() -> Settings:
    from pydantic import ValidationError

    from muscope.backend.errors import InvalidInput
    from muscope.backend.settings import get_settings

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

            _require_safe_start(settings)
            return run(settings, language, options.verbose)
        case "serve":
            from muscope.backend.stack.commands import web_command

            _require_safe_start(settings)
            _replace_process(web_command(settings), {})
        case "worker":
            return _work(settings)
        case "conductor":
            from muscope.backend import conductor

            conductor.main()
        case "alive":
            from muscope.backend.liveness import require_alive

            require_alive(options.part, settings)
        case "migrate":
            from muscope.backend.db.migrate import upgrade

            upgrade(settings)
        case "backup" | "restore" | "users" | "retention":
            _keep(options, settings, language)
        case "version":
            from importlib import metadata

            print(metadata.version("muscope"))
    return 0


def _keep(options: argparse.Namespace, settings: Settings, language: str) -> None:
    """Back up, restore, delete what is old, or keep the users, on the database itself."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of itself when it is imported
    if options.command == "users":
        from muscope.backend.commands.users import users

        users(options, settings, language)
        return
    if options.command == "retention":
        from muscope.backend.commands.retention import retention

        retention(options, settings, language)
        return
    from muscope.backend.backup.commands import run_backup, run_restore

    perform = run_backup if options.command == "backup" else run_restore
    print(perform(settings, language, options))


def _require_safe_start(settings: Settings) -> None:
    """Refuse a server that others could reach without protection; a local one loads no database for this."""
    if not settings.is_local:
        from muscope.backend.services.accounts.start import require_safe_start

        logging.getLogger("alembic").setLevel(logging.WARNING)
        require_safe_start(settings)


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
