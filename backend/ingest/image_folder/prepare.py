"""Reads a ZIP of pictures in folders of classes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning, Decision, Task
from muscope.backend.errors import InvalidInput, MuscopeError
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.containers.contents import contents_of
from muscope.backend.ingest.containers.zip_file import Archive, Member
from muscope.backend.ingest.image_folder.form import form_of
from muscope.backend.ingest.image_folder.layout import Layout, Placed, layout_of, left_out
from muscope.backend.ingest.image_folder.picture import (
    MAX_PICTURE_BYTES,
    Facts,
    Form,
    Unreadable,
    facts_of,
    pixels_of,
)
from muscope.backend.ingest.images import MAX_IMAGE_NUMBERS, MAX_NUMBERS, Images, assemble_images
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.splits.given_parts import RANDOM, refuse_other_split, split_decision
from muscope.backend.ingest.splits.split import MIN_ROWS
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import read_label
from muscope.backend.ingest.wording import listed, shown

_LABEL = "folder"
_REDUCED = 0.9  # share of the usual area; the median of several sizes differs from it without need


def prepare_image_folder(source: Path, options: IngestOptions) -> Prepared:
    """Return the pictures of the ZIP at `source` as a dataset; broken ones are left out and named."""
    refuse_other_split(options.split)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with Archive(source) as archive:
        members = contents_of(archive.members, options.model_copy(update={"kind": "images"})).members
        layout = layout_of(members, keeps_parts=options.split != RANDOM)
        facts = [_facts(archive, picture.member) for picture in layout.pictures]
        known = [fact for fact in facts if fact is not None]
        _refuse_too_few(layout.pictures, facts)
        form = form_of(known)
        pixels, is_read = _pixels(archive, layout.pictures, facts, form)
    _refuse_too_few(layout.pictures, is_read)
    broken = [p.member.name for p, is_used in zip(layout.pictures, is_read, strict=True) if not is_used]
    used = [p for p, is_used in zip(layout.pictures, is_read, strict=True) if is_used]
    pixels, grey_note = _without_equal_channels(pixels)
    images = Images(
        pixels,
        read_label(_class_column([p.class_name for p in used]), Task.CLASSIFICATION),
        sha256,
        None if layout.num_train is None else int(np.count_nonzero(is_read[: layout.num_train])),
        _decisions(layout, options),
        (*layout.notes, *_form_notes(known, form), *grey_note),
        left_out("dataset.images_left_out", broken),
    )
    return assemble_images(images)


def _facts(archive: Archive, member: Member) -> Facts | None:
    content = _content(archive, member)
    try:
        return None if content is None else facts_of(content)
    except Unreadable:
        return None


def _content(archive: Archive, member: Member) -> bytes | None:
    if not 0 < member.num_bytes <= MAX_PICTURE_BYTES:
        return None
    try:
        return archive.read(member)
    except MuscopeError:
        return None


def _pixels(
    archive: Archive, pictures: Sequence[Placed], facts: Sequence[Facts | None], form: Form
) -> tuple[Array, list[bool]]:
    """Return the pixels [n, H, W, C] of those that can be read, and which these are."""
    pixels = np.empty((len(pictures), form.height, form.width, form.channels), form.dtype)
    is_read = []
    place = 0
    for picture, fact in zip(pictures, facts, strict=True):
        content = None if fact is None else _content(archive, picture.member)
        is_read.append(content is not None and _read_into(pixels[place], content, form))
        place += is_read[-1]
    return pixels[:place], is_read


def _read_into(room: Array, content: bytes, form: Form) -> bool:
    try:
        room[...] = pixels_of(content, form)
    except Unreadable:
        return False
    return True


def _refuse_too_few(pictures: Sequence[Placed], found: Sequence[object]) -> None:
    """Raise where too few pictures can be read, that is, have a true entry in `found`."""
    count = sum(map(bool, found))
    if count >= MIN_ROWS:
        return
    broken = [p.member.name for p, is_found in zip(pictures, found, strict=True) if not is_found]
    if broken:
        raise InvalidInput(
            "dataset.unreadable_images",
            count=len(broken), total=len(pictures), names=listed(broken, 3), minimum=MIN_ROWS,
        )  # fmt: skip
    raise InvalidInput("dataset.too_few_images", count=count, minimum=MIN_ROWS)


def _without_equal_channels(pixels: Array) -> tuple[Array, tuple[DataWarning, ...]]:
    """Return pictures that were saved in colour, though all of them are grey, with one channel."""
    if pixels.shape[3] != 3 or any((image != image[..., :1]).any() for image in pixels):
        return pixels, ()
    return pixels[..., :1], (DataWarning(code="dataset.images_grey_saved_in_colour"),)


def _class_column(names: Sequence[str]) -> Column:
    levels = sorted(set(names))
    codes = {name: code for code, name in enumerate(levels)}
    return Column(
        name=_LABEL,
        kind=ColumnKind.CATEGORICAL,
        num_missing=0,
        num_distinct=len(levels),
        examples=tuple(shown(name) for name in levels[:3]),
        codes=np.array([codes[name] for name in names], np.int32),
        levels=tuple(levels),
    )


def _decisions(layout: Layout, options: IngestOptions) -> tuple[Decision, ...]:
    if layout.num_train is None and options.split is None:
        return ()
    return (split_decision(options.split, is_given=layout.num_train is not None),)


def _reduced_note(usual: tuple[int, int], form: Form, count: int) -> DataWarning:
    """Say why the pictures are smaller than most of them were: they, or all together, were too large."""
    is_one = usual[0] * usual[1] * form.channels > MAX_IMAGE_NUMBERS
    limit = MAX_IMAGE_NUMBERS if is_one else MAX_NUMBERS
    params: dict[str, str | int | float] = {
        "height": usual[0], "width": usual[1], "new_height": form.height, "new_width": form.width,
        "count": count, "limit": limit,
    }  # fmt: skip
    code = "dataset.picture_reduced" if is_one else "dataset.pictures_reduced"
    return DataWarning(code=code, params=params)


def _form_notes(facts: Sequence[Facts], form: Form) -> tuple[DataWarning, ...]:
    """Say what was done to the pictures, and to how many."""
    counts = {
        "dataset.images_turned": sum(fact.is_turned for fact in facts),
        "dataset.images_transparent": sum(fact.is_transparent for fact in facts),
        "dataset.images_first_page": sum(fact.has_more_pages for fact in facts),
        "dataset.images_in_colour": sum(fact.is_grey for fact in facts) if form.channels > 1 else 0,
        "dataset.images_made_8_bit": 0 if form.is_deep else sum(fact.is_deep for fact in facts),
    }
    notes = [DataWarning(code=code, params={"count": count}) for code, count in counts.items() if count]
    usual = Counter((fact.height, fact.width) for fact in facts).most_common(1)[0][0]
    if form.height * form.width < usual[0] * usual[1] * _REDUCED:
        notes.append(_reduced_note(usual, form, len(facts)))
    changed = sum((fact.height, fact.width) != (form.height, form.width) for fact in facts)
    if changed:
        params: dict[str, str | int | float] = {"count": changed, "height": form.height, "width": form.width}
        notes.append(DataWarning(code="dataset.images_resized", params=params))
    return tuple(notes)
