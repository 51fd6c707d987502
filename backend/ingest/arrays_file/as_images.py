"""Arrays as images: the order of their axes, flat ones, and classes for each."""

from __future__ import annotations

import math

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning, Task
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.arrays_file.array_file import Header
from muscope.backend.ingest.arrays_file.loaded import Examples
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.images import MAX_CHANNELS, MAX_IMAGE_NUMBERS, Images, assemble_images
from muscope.backend.ingest.splits.split import MIN_ROWS
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import read_label
from muscope.backend.ingest.wording import number_text, shown

MIN_IMAGE_SIDE = 6  # a table of 25 columns is no picture
_USUAL_CHANNELS = (1, 2, 3, 4)


def check_image_header(x: Header) -> None:
    """Raise where the shape is not that of images, flat square ones included, or of too large ones."""
    name = shown(x.name)
    is_flat_square = len(x.shape) == 2 and math.isqrt(x.shape[1]) ** 2 == x.shape[1] >= MIN_IMAGE_SIDE**2
    if not is_flat_square and (len(x.shape) not in (3, 4) or 0 in x.shape[1:]):
        raise InvalidInput("dataset.image_shape", name=name, given=x.form)
    channels = x.shape[1] if is_channels_first(x.shape) else x.shape[3] if len(x.shape) == 4 else 1
    if channels > MAX_CHANNELS:
        raise InvalidInput(
            "dataset.too_many_channels", name=name, given=x.form, count=channels, limit=MAX_CHANNELS
        )
    if math.prod(x.shape[1:]) > MAX_IMAGE_NUMBERS:
        raise TooLarge("dataset.image_too_large", name=name, given=x.form, limit=MAX_IMAGE_NUMBERS)


def is_channels_first(shape: tuple[int, ...]) -> bool:
    """Say whether the shape is [n, C, H, W]: only its second axis has as many places as colours have."""
    return len(shape) == 4 and shape[3] not in _USUAL_CHANNELS and shape[1] in _USUAL_CHANNELS


def prepare_image_array(examples: Examples) -> Prepared:
    """Return images and their classes as a dataset; raises InvalidInput for labels that are no classes."""
    assert examples.labels is not None  # checked by the headers
    column = examples.labels.column
    _refuse_fractions(column)
    if len(examples.x) < MIN_ROWS:
        raise InvalidInput("dataset.too_few_images", count=len(examples.x), minimum=MIN_ROWS)
    pixels, notes = to_channels_last(examples.x_name, examples.x)
    images = Images(
        pixels,
        read_label(column, Task.CLASSIFICATION),
        examples.sha256,
        examples.num_train,
        examples.decisions,
        (*examples.notes, *examples.labels.notes, *notes),
    )
    return assemble_images(images)


def to_channels_last(name: str, x: Array) -> tuple[Array, tuple[DataWarning, ...]]:
    """Return images [n, H, W, C] of an array [n, H·W], [n, H, W], [n, H, W, C] or [n, C, H, W]."""
    form = "×".join(map(str, x.shape))
    notes: tuple[DataWarning, ...] = ()
    if x.ndim == 2:
        side = math.isqrt(x.shape[1])
        x = x.reshape(len(x), side, side)
        notes = (DataWarning(code="dataset.flat_images", params={"name": shown(name), "side": side}),)
    if x.ndim == 3:
        x = x[..., None]
    elif is_channels_first(x.shape):
        x = np.moveaxis(x, 1, 3)
        notes = (DataWarning(code="dataset.channels_moved", params={"name": shown(name), "given": form}),)
    return x, notes


def _refuse_fractions(column: Column) -> None:
    """Raise for labels with decimals: images are classified."""
    if column.numbers is None:
        return
    present = column.numbers[~np.isnan(column.numbers)]
    fractions = present[present != np.trunc(present)]
    if len(fractions):
        raise InvalidInput(
            "dataset.image_label_fraction", name=shown(column.name), value=number_text(float(fractions[0]))
        )
