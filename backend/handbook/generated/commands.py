"""The reference of the command line, from the parser that reads it."""

from __future__ import annotations

import argparse

from muscope.backend.command_line import command_parser

# Argparse breaks lines at the width of the terminal; a document has none.
_WIDTH = 100


def command_reference() -> str:
    """Return a heading, the usage and the options of the command and of each of its subcommands."""
    parser = command_parser()
    return "\n\n".join(_described(each) for each in (parser, *_subcommands(parser)))


def _subcommands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found: list[argparse.ArgumentParser] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                command = action.choices[choice.dest]
                command.description = command.description or choice.help
                found.extend((command, *_subcommands(command)))
    return found


def _described(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=_WIDTH)
    return f"## {parser.prog}\n\n```text\n{parser.format_help().strip()}\n```"
