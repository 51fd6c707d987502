"""The grammar of `muscope check`; what it does is in `muscope.backend.model_check`."""

from __future__ import annotations

import argparse

_LEAST_SEEDS = 3


def add_check_command(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the arguments of a check."""
    parser.add_argument("model", help="Python file or package with build(width) and batches(split, seed)")
    parser.add_argument("--optimizer", default="adamw", choices=("sgd", "adam", "adamw"))
    parser.add_argument("--widths", help="at least four, such as 64,128,256,512; else the file's `sizes`")
    parser.add_argument("--lr", type=float, help="learning rate at the smallest width")
    parser.add_argument("--weight-decay", type=float, default=0.0, help="weight decay at the smallest width")
    parser.add_argument(
        "--weight-decay-rule",
        default="independent",
        choices=("independent", "fixed", "sqrt_width"),
        help="how weight decay is to follow the learning rates",
    )
    parser.add_argument("--recipe", help="JSON file with the role of every tensor")
    parser.add_argument("--write-recipe", metavar="FILE", help="write the inferred roles to a JSON file")
    parser.add_argument("--seeds", type=int, default=_LEAST_SEEDS, help="initialisations per width")
    parser.add_argument("--steps", type=int, default=4, help="updates per run, at least 3")
    parser.add_argument("--seconds", type=float, default=600.0, help="limit of the whole check")
    parser.add_argument("--memory-mib", type=int, default=4096, help="limit of its process")
    parser.add_argument("--json", action="store_true", help="print everything for a program")
