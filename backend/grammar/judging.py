"""The commands that answer by themselves, without a server; importing it loads only the parser."""

from __future__ import annotations

from muscope.backend.grammar.parser import Commands

FILE_COMMANDS = frozenset({"check", "judge", "translate-lr"})
LANGUAGES = ("en", "ja")
_OPTIMIZERS = ("sgd", "adam", "adamw", "lion", "muon", "adafactor")
_DECAY_RULES = ("independent", "fixed", "sqrt_width")
_LEAST_SEEDS = 3


def add_judge_command(commands: Commands) -> None:
    """Add `muscope judge`."""
    judge = commands.add("judge")
    judge.add_argument("sweep", nargs="?", metavar="SWEEP", help=judge.say("judge.sweep"))
    judge.add_argument("--from", dest="source", metavar="KIND:PLACE", help=judge.say("judge.from"))
    judge.add_argument("--experiment", metavar="NAME", help=judge.say("judge.experiment"))
    judge.add_argument("--write-back", action="store_true", help=judge.say("judge.write_back"))
    judge.add_argument("--columns", default="", metavar="ROLE=COLUMN,...", help=judge.say("judge.columns"))
    judge.add_argument("--arm", help=judge.say("judge.arm"))
    judge.add_argument("--axis", help=judge.say("judge.axis"))
    judge.add_argument("--law", default="1.6,0.0941", metavar="E,ALPHA", help=judge.say("judge.law"))
    judge.add_argument("--initial-loss", type=float, metavar="LOSS", help=judge.say("judge.initial_loss"))
    judge.add_argument("--json", action="store_true", help=judge.say("json"))
    judge.add_argument("--runs", metavar="FILE", help=judge.say("judge.runs"))
    judge.add_argument("--language", choices=LANGUAGES, help=judge.say("language"))


def add_check_command(commands: Commands) -> None:
    """Add `muscope check`."""
    check = commands.add("check")
    check.add_argument("model", metavar="MODEL", help=check.say("check.model"))
    check.add_argument("--optimizer", default="adamw", choices=_OPTIMIZERS, help=check.say("check.optimizer"))
    check.add_argument("--widths", metavar="N,N,N,N", help=check.say("check.widths"))
    check.add_argument("--lr", type=float, metavar="RATE", help=check.say("check.lr"))
    check.add_argument("--weight-decay", type=float, default=0.0, help=check.say("check.weight_decay"))
    check.add_argument(
        "--weight-decay-rule",
        default="independent",
        choices=_DECAY_RULES,
        help=check.say("check.weight_decay_rule"),
    )
    check.add_argument("--recipe", metavar="FILE", help=check.say("check.recipe"))
    check.add_argument("--write-recipe", metavar="FILE", help=check.say("check.write_recipe"))
    check.add_argument("--seeds", type=int, default=_LEAST_SEEDS, metavar="N", help=check.say("check.seeds"))
    check.add_argument("--steps", type=int, default=4, metavar="N", help=check.say("check.steps"))
    check.add_argument("--seconds", type=float, default=600.0, help=check.say("check.seconds"))
    check.add_argument("--memory-mib", type=int, default=4096, metavar="N", help=check.say("check.memory"))
    check.add_argument("--json", action="store_true", help=check.say("json"))
    check.add_argument("--language", choices=LANGUAGES, help=check.say("language"))


def add_translate_command(commands: Commands) -> None:
    """Add `muscope translate-lr`."""
    translate = commands.add("translate-lr", "translate_lr")
    translate.add_argument(
        "shapes", nargs="+", metavar="N_OUTxN_IN", help=translate.say("translate_lr.shapes")
    )
    translate.add_argument(
        "--lr", type=float, required=True, metavar="RATE", help=translate.say("translate_lr.lr")
    )
    translate.add_argument(
        "--from", dest="source", required=True, metavar="CONVENTION", help=translate.say("translate_lr.from")
    )
    translate.add_argument(
        "--to", dest="target", required=True, metavar="CONVENTION", help=translate.say("translate_lr.to")
    )
    translate.add_argument(
        "--weight-decay", type=float, default=0.0, help=translate.say("translate_lr.weight_decay")
    )
    translate.add_argument("--json", action="store_true", help=translate.say("json"))
    translate.add_argument("--language", choices=LANGUAGES, help=translate.say("language"))
