"""Roles of arrays by their names and shapes: examples and labels, for training and for validation.

Names are those of NumPy's, Keras', scikit-learn's and MedMNIST's habits, in any case and with any separator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.arrays_file.array_file import Header, forms
from muscope.backend.ingest.splits.given_parts import PART_NAMES, Part, validation_part
from muscope.backend.ingest.wording import shown

_X = frozenset(
    (
        "x", "xs", "data", "image", "images", "img", "imgs", "pixels", "feature", "features", "input",
        "inputs", "sample", "samples", "arr0", "xdata",
    )
)  # fmt: skip
_Y = frozenset(
    (
        "y", "ys", "target", "targets", "label", "labels", "class", "classes", "t", "arr1", "ydata",
        "output", "outputs",
    )
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s_.\-/]+")
_PARTS = sorted(PART_NAMES, key=len, reverse=True)

Known = dict[tuple[Part | None, str], list[str]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Names of the arrays of examples and of labels; without `y` the labels are a column of `x`."""

    x: str
    y: str | None


@dataclass(frozen=True, slots=True)
class Roles:
    """Arrays that are used.

    Attributes:
        val: pair of the validation part as it was given; None leaves it to a split.
        val_part: part that this pair was named as.
        unused: arrays that have no role.
    """

    train: Pair
    val: Pair | None
    val_part: Part | None
    unused: tuple[str, ...]
    decisions: tuple[Decision, ...]


def roles_of(headers: Mapping[str, Header], x: str | None, y: str | None) -> Roles:
    """Return the roles of the arrays; `x` and `y` name those of training, where the user chose them.

    Raises InvalidInput, naming the arrays found, where names and shapes leave it open.
    """
    for name in (x, y):
        if name is not None and name not in headers:
            raise InvalidInput("dataset.unknown_array", name=shown(name), found=forms(list(headers.values())))
    known = _known(headers)
    pairs = {part: _pair(known, part) for part in (None, *Part)}
    train = _training(headers, pairs, x, y)
    usual = pairs[Part.TRAIN] or pairs[None]
    is_usual = usual is not None and (train.x, train.y) == (usual.x, usual.y)
    found = {part for part, pair in pairs.items() if pair is not None and part is not None} | {Part.TRAIN}
    val_part = validation_part(found) if is_usual and train.y is not None else None
    val = pairs[val_part] if val_part is not None else None
    used = {train.x, train.y} | (set() if val is None else {val.x, val.y})
    unused = tuple(name for name in headers if name not in used)
    return Roles(train, val, val_part if val else None, unused, _decisions(headers, train, x, y, pairs))


def _known(headers: Mapping[str, Header]) -> Known:
    known: Known = {}
    for name in headers:
        role = _role(name)
        if role is not None:
            known.setdefault(role, []).append(name)
    return known


def _role(name: str) -> tuple[Part | None, str] | None:
    """Return the part and `x` or `y` that a name stands for, as in `x_train`, `trainImages`, `arr_0`."""
    plain = _SEPARATORS.sub("", name).casefold()
    for word in ("", *_PARTS):
        for rest in (plain.removeprefix(word), plain.removesuffix(word)):
            kind = "x" if rest in _X else "y" if rest in _Y else None
            if kind is not None and (rest != plain) == bool(word):
                return PART_NAMES.get(word), kind
    return None


def _pair(known: Known, part: Part | None) -> Pair | None:
    """Return the arrays of a part where exactly one is named as its examples and one as its labels."""
    xs, ys = known.get((part, "x"), []), known.get((part, "y"), [])
    return Pair(xs[0], ys[0]) if len(xs) == len(ys) == 1 else None


def _training(
    headers: Mapping[str, Header], pairs: Mapping[Part | None, Pair | None], x: str | None, y: str | None
) -> Pair:
    usual = pairs[Part.TRAIN] or pairs[None]
    if usual is not None and x in (None, usual.x) and y in (None, usual.y):
        return usual
    if x is None and y is None and len(headers) == 1:
        return Pair(next(iter(headers)), None)
    named = next((pair for pair in pairs.values() if pair is not None and pair.x == x and y is None), None)
    if named is not None:
        return named
    fitting = [
        Pair(a.name, b.name)
        for a in headers.values()
        for b in headers.values()
        if x in (None, a.name) and y in (None, b.name) and _fit(a, b)
    ]
    if x is not None and y is not None:
        return Pair(x, y)
    if len({pair.y for pair in fitting}) == 1:
        return max(fitting, key=lambda pair: len(headers[pair.x].shape))
    if not fitting and x is not None and len(headers[x].shape) == 2:
        return Pair(x, None)
    raise InvalidInput("dataset.npz_members", found=forms(list(headers.values())))


def _fit(x: Header, y: Header) -> bool:
    """Say whether `y` may hold one label for each example of `x`."""
    is_label = len(y.shape) == 1 or (len(y.shape) == 2 and y.shape[1] == 1)
    return x.name != y.name and is_label and len(x.shape) >= 2 and x.shape[0] == y.shape[0] > 0


def _decisions(
    headers: Mapping[str, Header],
    train: Pair,
    x: str | None,
    y: str | None,
    pairs: Mapping[Part | None, Pair | None],
) -> tuple[Decision, ...]:
    """Say which arrays were taken; it is a question where their names do not tell."""
    if len(headers) == 1:
        return ()
    is_clear = any(pair == train for pair in pairs.values())
    names = tuple(headers)[:50]
    chosen = [("x", train.x, x), ("y", train.y or "", y)]
    return tuple(
        Decision(
            option=option, value=value, is_guessed=given is None,
            is_question=given is None and not is_clear, choices=names,
        )
        for option, value, given in chosen
    )  # fmt: skip
