"""Expectation of a file: read with these columns, numbers and notes, asked about, or refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from muscope.backend.domain.spec.dataset import ColumnKind, ColumnProfile, Profile, Task

Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class TrialFile:
    """A file as its owner has it, and what is right.

    Attributes:
        numbers: every column of numbers with its values as a reader of the file would write them down; None
            is a missing one. They are the oracle of minimum, maximum, mean and the count of missing cells.
        kinds: every other column that is kept, with its kind.
        left_out: columns that are no features, such as codes and names.
        decisions: guesses by option, such as the encoding; others may be made too.
        notes: codes of what must be said of the file's content.
        asks: options that the owner is asked about.
        refused: code of the one sentence by which it is refused; empty where it is read.
    """

    name: str
    content: bytes
    label: str | None = None
    task: Task | None = None
    num_rows: int = 0
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    decisions: Mapping[str, str] = field(default_factory=dict)
    notes: frozenset[str] = frozenset()
    asks: tuple[str, ...] = ()
    refused: str = ""

    def faults(self, profile: Profile, task: Task) -> list[str]:
        """Return what differs from the expectation, one sentence each; empty where it was read right."""
        if self.refused:
            return [f"{self.name}: read, though it should be refused with {self.refused}"]
        return [f"{self.name}: {fault}" for fault in self._faults(profile, task)]

    def _faults(self, profile: Profile, task: Task) -> Iterator[str]:
        given = {each.option: each.value for each in profile.decisions}
        asked = tuple(each.option for each in profile.decisions if each.is_question)
        found: dict[str, tuple[object, object]] = {
            "label": (profile.label, self.label),
            "task": (task, self.task),
            "rows": (profile.num_rows, self.num_rows),
            "asked": (asked, self.asks),
            "decisions": ({name: given.get(name) for name in self.decisions}, dict(self.decisions)),
            "notes not said": (self.notes - {note.code for note in profile.notes}, frozenset()),
        }
        yield from (
            f"{what}: {got!r}, expected {want!r}" for what, (got, want) in found.items() if got != want
        )
        yield from self._column_faults({column.name: column for column in profile.columns})

    def _column_faults(self, columns: Mapping[str, ColumnProfile]) -> Iterator[str]:
        kinds = dict.fromkeys(self.numbers, ColumnKind.NUMERIC) | dict(self.kinds)
        got = {name: column.kind for name, column in columns.items()}
        if got != kinds:
            yield f"columns: {got}, expected {kinds}"
        out = {name for name, column in columns.items() if column.left_out}
        if out != self.left_out:
            yield f"left out: {sorted(out)}, expected {sorted(self.left_out)}"
        for name, values in self.numbers.items():
            if name in columns:
                yield from _number_faults(columns[name], values)


def _number_faults(column: ColumnProfile, values: Numbers) -> Iterator[str]:
    known = [value for value in values if value is not None]
    if column.num_missing != len(values) - len(known):
        yield f"missing in {column.name}: {column.num_missing}, expected {len(values) - len(known)}"
    wanted = {"minimum": min(known), "maximum": max(known), "mean": sum(known) / len(known)}
    for name, value in wanted.items():
        found = getattr(column, name)
        if found is None or not math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-9):
            yield f"{name} of {column.name}: {found}, expected {value}"
