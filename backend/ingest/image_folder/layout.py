"""Classes and parts of pictures by the folders in which they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.containers.zip_file import Member
from muscope.backend.ingest.splits.given_parts import Part, part_of, validation_part
from muscope.backend.ingest.wording import listed

_NAMED = 3


class Placed(NamedTuple):
    """Picture with the name of its class and the part it was put in; None where there are no parts."""

    member: Member
    class_name: str
    part: Part | None


class Layout(NamedTuple):
    """Pictures that are used, those of training first.

    Attributes:
        num_train: pictures of training where validation was given; None leaves it to a split.
    """

    pictures: Sequence[Placed]
    num_train: int | None
    notes: tuple[DataWarning, ...]


def layout_of(members: Sequence[Member], *, keeps_parts: bool = True) -> Layout:
    """Return the pictures with their classes: the first folder below what all of them share.

    `keeps_parts` False joins the parts. Raises InvalidInput where no folder tells a class.
    """
    placed, num_outside = _placed(members)
    if not placed:
        raise InvalidInput("dataset.images_without_classes", count=len(members))
    notes: list[DataWarning] = []
    if num_outside:
        notes.append(DataWarning(code="dataset.images_outside", params={"count": num_outside}))
    found = {picture.part for picture in placed if picture.part is not None}
    val_part = validation_part(found)
    if not found or not keeps_parts or val_part is None:
        return Layout(sorted(placed, key=_order), None, tuple(notes))
    train = sorted((picture for picture in placed if picture.part is Part.TRAIN), key=_order)
    val = sorted((picture for picture in placed if picture.part is val_part), key=_order)
    code = "dataset.test_validates" if val_part is Part.TEST else "dataset.validation_given"
    name = next(iter(Counter(_folder_of(picture) for picture in val)))
    notes.append(DataWarning(code=code, params={"name": name, "count": len(val)}))
    unused = len(placed) - len(train) - len(val)
    if unused:
        notes.append(DataWarning(code="dataset.test_unused", params={"count": unused}))
    return Layout([*train, *val], len(train), tuple(notes))


def _placed(members: Sequence[Member]) -> tuple[list[Placed], int]:
    """Return the pictures that lie in a folder of a class, and the number of those that do not."""
    folders = [member.parts[:-1] for member in members]
    depth = _num_shared(folders)
    parts = [_part_and_rest(folder[depth:]) for folder in folders]
    is_divided = any(part is not None for part, _ in parts)
    if not is_divided:
        rests = [folder[depth:] for folder in folders]
    else:
        rests = [rest for _, rest in parts]
        below = _num_shared([rest for (part, rest) in parts if part is not None])
        rests = [rest[below:] if part is not None else () for part, rest in parts]
    placed = [
        Placed(member, rest[0].strip(), part if is_divided else None)
        for member, (part, _), rest in zip(members, parts, rests, strict=True)
        if rest
    ]
    return placed, len(members) - len(placed)


def _part_and_rest(folders: tuple[str, ...]) -> tuple[Part | None, tuple[str, ...]]:
    """Return the part that the first or, below a class, the second folder names, and the other folders."""
    for place in (0, 1):
        if len(folders) > place and (part := part_of(folders[place])) is not None:
            return part, (*folders[:place], *folders[place + 1 :])
    return None, folders


def _num_shared(folders: Sequence[tuple[str, ...]]) -> int:
    """Return how many outer folders all of the pictures in folders share, as long as another lies below."""
    inner = [folder for folder in folders if folder]
    depth = 0
    while (
        inner
        and len({folder[: depth + 1] for folder in inner}) == 1
        and any(len(f) > depth + 1 for f in inner)
    ):
        depth += 1
    return depth


def _folder_of(picture: Placed) -> str:
    return next((folder for folder in picture.member.parts if part_of(folder) is picture.part), "")


def _order(picture: Placed) -> tuple[str, ...]:
    return picture.member.parts


def left_out(code: str, names: Sequence[str]) -> tuple[DataWarning, ...]:
    """Return a warning that names pictures, nothing where there are none."""
    if not names:
        return ()
    return (DataWarning(code=code, params={"count": len(names), "names": listed(list(names), _NAMED)}),)
