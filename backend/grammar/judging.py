"""The commands that judge a file of their caller, without a server; importing it loads only the parser."""

from __future__ import annotations

from muscope.backend.grammar.parser import Commands

FILE_COMMANDS = frozenset({"judge"})
LANGUAGES = ("en", "ja")


def add_judge_command(commands: Commands) -> None:
    """Add `muscope judge`."""
    judge = commands.add("judge")
    judge.add_argument("sweep", metavar="SWEEP", help=judge.say("judge.sweep"))
    judge.add_argument("--columns", default="", metavar="ROLE=COLUMN,...", help=judge.say("judge.columns"))
    judge.add_argument("--arm", help=judge.say("judge.arm"))
    judge.add_argument("--axis", help=judge.say("judge.axis"))
    judge.add_argument("--law", default="1.6,0.0941", metavar="E,ALPHA", help=judge.say("judge.law"))
    judge.add_argument("--initial-loss", type=float, metavar="LOSS", help=judge.say("judge.initial_loss"))
    judge.add_argument("--json", action="store_true", help=judge.say("json"))
    judge.add_argument("--runs", metavar="FILE", help=judge.say("judge.runs"))
    judge.add_argument("--language", choices=LANGUAGES, help=judge.say("language"))
