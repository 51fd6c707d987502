"""The grammar of the `muscope` command: what it is called with, apart from what it does (`cli.py`).

The documentation's reference is written from it.
"""

from __future__ import annotations

from muscope.backend.catalogue import DEFAULT_LANGUAGE
from muscope.backend.grammar.asking import add_client_commands
from muscope.backend.grammar.judging import add_check_command, add_judge_command, add_translate_command
from muscope.backend.grammar.keeping import add_keeping_commands, add_users_command
from muscope.backend.grammar.parser import Parser


def command_parser(language: str = DEFAULT_LANGUAGE) -> Parser:
    """Return the parser of every subcommand, with its help in one of our languages."""
    parser = Parser(prog="muscope", language=language)
    commands = parser.add_commands()
    run = commands.add("run")
    run.add_argument("--verbose", action="store_true", help=run.say("run.verbose"))
    for name in ("serve", "conductor", "worker", "migrate", "version"):
        commands.add(name)
    alive = commands.add("alive")
    alive.add_argument("part", choices=("conductor", "worker"), help=alive.say("alive.part"))
    add_keeping_commands(commands)
    add_users_command(commands)
    add_judge_command(commands)
    add_check_command(commands)
    add_translate_command(commands)
    add_client_commands(commands)
    return parser
