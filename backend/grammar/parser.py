"""Parser of arguments whose help is in the catalogue: `command.<name>` and `command.<name>.<option>`."""

from __future__ import annotations

import argparse
from typing import Any

from muscope.backend.catalogue import text


class Parser(argparse.ArgumentParser):
    """Parser of a command; its own words are in `language` too."""

    def __init__(self, *, prog: str, language: str, **options: Any) -> None:
        self.language = language
        self.width: int | None = None  # of the terminal, unless a document is written
        super().__init__(
            prog=prog,
            add_help=False,
            allow_abbrev=False,  # an option added later must not change what a script means
            formatter_class=lambda prog: _Formatter(prog, language, self.width),
            **options,
        )
        self._positionals.title = self.say("heading.arguments")
        self._optionals.title = self.say("heading.options")
        self.add_argument("-h", "--help", action="help", help=self.say("help"))
        self.description = self.description or self.say("muscope")

    def say(self, key: str) -> str:
        """Return the text `command.<key>`, its percent signs doubled, as argparse fills help texts in."""
        return text(f"command.{key}", self.language).replace("%", "%%")

    def add_commands(self, title: str = "command") -> Commands:
        """Begin the list of subcommands; the one that was chosen is the option `title`."""
        return Commands(self, title)


class Commands:
    """Subcommands of a parser."""

    def __init__(self, parser: Parser, title: str) -> None:
        self._parser = parser
        self._list = parser.add_subparsers(dest=title, required=True, metavar="COMMAND", parser_class=Parser)

    def add(self, name: str, key: str | None = None) -> Parser:
        """Add a subcommand whose description is the text `command.<key>`, its name if left out."""
        said = self._parser.say(key or name)
        parser: Parser = self._list.add_parser(
            name, help=said, description=said, language=self._parser.language
        )
        return parser


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str, language: str, width: int | None) -> None:
        super().__init__(prog, width=width)
        self._usage = text("command.heading.usage", language)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, f"{self._usage} " if prefix is None else prefix)
