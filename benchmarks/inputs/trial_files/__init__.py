"""Small files of the kinds that people have, each with how it is to be read."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.inputs.trial_files.arrays import array_files
from benchmarks.inputs.trial_files.encodings import encoded_files
from benchmarks.inputs.trial_files.expected import TrialFile
from benchmarks.inputs.trial_files.layouts import layout_files
from benchmarks.inputs.trial_files.values import value_files

__all__ = ["TrialFile", "trial_files"]


def trial_files() -> Iterator[TrialFile]:
    """Yield every file once; names differ."""
    yield from layout_files()
    yield from value_files()
    yield from encoded_files()
    yield from array_files()
