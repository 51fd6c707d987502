"""Parts into which people divide their data before they hand it over: training, validation, test."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.wording import shown

# Values of the option `split` for data that may be divided already.
GIVEN, RANDOM = "given", "random"


class Part(StrEnum):
    """Part of the data with a purpose of its own."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


PART_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "tr", "学習", "学習用", "訓練", "訓練用"), Part.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev", "検証", "検証用"), Part.VAL),
    **dict.fromkeys(("test", "testing", "te", "eval", "テスト", "テスト用", "評価", "評価用"), Part.TEST),
}


def refuse_other_split(wanted: str | None) -> None:
    """Raise for a split by a column, which only a table has."""
    if wanted is not None and wanted not in (GIVEN, RANDOM):
        raise InvalidInput("dataset.split_needs_columns", given=shown(wanted))


def split_decision(wanted: str | None, *, is_given: bool) -> Decision:
    """Return the decision of data that was divided before, to be said where it was."""
    value = GIVEN if is_given else RANDOM
    return Decision(option="split", value=value, is_guessed=wanted is None, choices=(GIVEN, RANDOM))


def part_of(name: str) -> Part | None:
    """Return the part that a folder or the beginning of an array's name stands for."""
    return PART_NAMES.get(name.strip().casefold())


def validation_part(found: Collection[Part]) -> Part | None:
    """Return the part that validates: the one named so, else the test part; None leaves it to a split."""
    if Part.TRAIN not in found:
        return None
    return next((part for part in (Part.VAL, Part.TEST) if part in found), None)
