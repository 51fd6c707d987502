"""Images and their classes as what is stored: one row per image, rows × columns × channels, standardised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DatasetShape, DataWarning, Decision, ImageShape, Profile
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.manifest import Manifest
from muscope.backend.ingest.profile import class_counts, label_warnings
from muscope.backend.ingest.splits.places import places_of
from muscope.backend.ingest.table.features import Matrix, Rows
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import number_text

MAX_CHANNELS = 16
MAX_IMAGE_NUMBERS = 128 * 128 * 3
MAX_NUMBERS = 200_000_000  # of single bytes, so that CIFAR-10 keeps its size; 800 MB once they are float32
MAX_WIDE_NUMBERS = 100_000_000  # of other numbers, which take up to eight bytes before
LARGEST_PIXEL = 10**9  # its square, summed over any image, stays far inside float32
_BLOCK_NUMBERS = 1 << 23  # float64 copies of all images at once would not fit
_LIMIT = 1e6  # standard deviations, as for the columns of a table


class Images(NamedTuple):
    """Images [n, H, W, C] of any numeric dtype and their classes.

    Attributes:
        sha256: of the content, which decides the split.
        num_train: images of training, which come first, where validation was given; None asks for a split.
        decisions, notes, warnings: of reading them (`Profile`).
    """

    pixels: Array
    label: Label
    sha256: str
    num_train: int | None = None
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()
    warnings: tuple[DataWarning, ...] = ()


class _Scale(NamedTuple):
    """Mean and standard deviation of each channel [C], over all pixels of the training images."""

    mean: Array
    std: Array


def assemble_images(images: Images) -> Prepared:
    """Return images as arrays and manifest; pixels of a channel share one scale.

    Standardised one by one, pixels that are almost always background would dominate.
    """
    pixels, label = images.pixels, images.label
    low, high = _range(pixels)
    train, val = places_of(label, images.sha256, images.num_train)
    train_rows, val_rows = label.kept_rows[train], label.kept_rows[val]
    scale = _scale_of(pixels, train_rows)
    if not scale.std.any():
        raise InvalidInput("dataset.constant_images", value=number_text(float(scale.mean[0])))
    shape = DatasetShape(
        task=label.task,
        num_features=pixels[0].size,
        num_outputs=len(label.classes),
        num_train=len(train),
        num_val=len(val),
        image=ImageShape(height=pixels.shape[1], width=pixels.shape[2], channels=pixels.shape[3]),
    )
    profile = Profile(
        num_rows=len(pixels),
        label=label.name,
        classes=class_counts(label),
        decisions=images.decisions,
        notes=images.notes,
        warnings=(*images.warnings, *label_warnings(label, len(pixels)), *_channel_warnings(scale)),
    )
    arrays = {
        "x_train": _standardised(pixels, train_rows, scale),
        "x_val": _standardised(pixels, val_rows, scale),
        "y_train": label.values[train],
        "y_val": label.values[val],
    }
    meta = {
        "shape": shape.in_file(),
        "class_names": list(label.classes),
        # For pictures of rows: black and white, and the conversion from standard units.
        "pixel_range": [low, high],
        "pixel_mean": scale.mean.tolist(),
        "pixel_std": scale.std.tolist(),
    }
    return Prepared(arrays, meta, Manifest(shape=shape, profile=profile))


def _range(pixels: Array) -> tuple[float, float]:
    """Return the values of black and white, or name the first pixel that is no usable number."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.inf, -np.inf
    every = np.arange(len(pixels))
    for number, block in enumerate(_blocks(pixels, every)):
        is_usable = np.abs(block) <= LARGEST_PIXEL  # False for NaN
        if not is_usable.all():
            place = np.argwhere(~is_usable)[0]
            raise InvalidInput(
                "dataset.pixel_value",
                image=int(place[0]) + number * _block_size(pixels), row=int(place[1]), column=int(place[2]),
                value=str(block[tuple(place)]), limit=LARGEST_PIXEL,
            )  # fmt: skip
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _scale_of(pixels: Array, train: Rows) -> _Scale:
    count = len(train) * pixels.shape[1] * pixels.shape[2]
    channels = range(pixels.shape[3])
    totals = np.zeros(len(channels))
    for block in _blocks(pixels, train):
        totals += [np.add.reduce(block[..., c], axis=None) for c in channels]
    mean = totals / count
    squares = np.zeros(len(channels))
    for block in _blocks(pixels, train):
        squares += [np.add.reduce((block[..., c] - mean[c]) ** 2, axis=None) for c in channels]
    std = np.sqrt(squares / count)
    std[std < 1e-12 * np.abs(mean)] = 0.0  # rounding, not a difference
    return _Scale(mean, std)


def _standardised(pixels: Array, rows: Rows, scale: _Scale) -> Matrix:
    """Return [rows, H·W·C]; zeros in a channel that is constant."""
    result = np.empty((len(rows), pixels[0].size), np.float32)
    std = np.where(scale.std > 0, scale.std, np.inf)
    done = 0
    for block in _blocks(pixels, rows):
        standard = np.clip((block - scale.mean) / std, -_LIMIT, _LIMIT)
        result[done : done + len(block)] = standard.reshape(len(block), -1)
        done += len(block)
    return result


def _blocks(pixels: Array, rows: Rows) -> Iterator[Array]:
    size = _block_size(pixels)
    for start in range(0, len(rows), size):
        yield pixels[rows[start : start + size]].astype(np.float64)


def _block_size(pixels: Array) -> int:
    return max(1, _BLOCK_NUMBERS // int(pixels[0].size))


def _channel_warnings(scale: _Scale) -> Iterator[DataWarning]:
    for channel in np.flatnonzero(scale.std == 0).tolist():
        yield DataWarning(code="dataset.constant_channel", params={"channel": channel + 1})
