"""The reference of the command line, from the parser that reads it."""

from __future__ import annotations

import argparse

from muscope.backend.command_line import command_parser
from muscope.backend.grammar.parser import Parser

# Argparse breaks lines at the width of the terminal; a document has none.
_WIDTH = 100


def command_reference(language: str) -> str:
    """Return a heading, the usage and the options of the command and of each of its subcommands."""
    parser = command_parser(language)
    return "\n\n".join(_described(each) for each in (parser, *_subcommands(parser)))


def _subcommands(parser: Parser) -> list[Parser]:
    found: list[Parser] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                command = action.choices[choice.dest]
                found.extend((command, *_subcommands(command)))
    return found


def _described(parser: Parser) -> str:
    parser.width = _WIDTH
    return f"## {parser.prog}\n\n```text\n{parser.format_help().strip()}\n```"
