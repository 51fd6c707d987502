"""Samples of a dataset for display: pictures of images, readable pieces of text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.arrays import Array, read_arrays
from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.errors import Conflict, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.png import png
from muscope.backend.services.lookup import find_dataset
from muscope.backend.services.views.views import ImageSample, SamplesView


def get_samples(context: Context, owner_id: str, dataset_id: UUID, *, limit: int) -> SamplesView:
    """Return the first training examples, images of every class in turn; raises Conflict for a table."""
    with context.database.read() as session:
        row = find_dataset(session, owner_id, dataset_id)
        shape = row.shape
        name, sha256 = row.name, row.arrays_sha256
    if shape.image is None and shape.task is not Task.LANGUAGE_MODELLING:
        raise Conflict("dataset.has_no_samples", name=name)
    path = context.blobs.path(sha256)
    if not path.is_file():
        raise Unavailable("dataset.file_missing", sha256=sha256)
    arrays, meta = read_arrays(path)
    if shape.image is None:
        windows = arrays["x_train"][:limit]
        return SamplesView(texts=tuple(readable(window, meta.get("tokens")) for window in windows))
    return SamplesView(images=_images(arrays, meta, shape.image, limit))


def readable(window: Array, tokens: Sequence[str] | None) -> str:
    """Return a window's characters, without those cut in two at its ends; `tokens` are in Latin-1."""
    if tokens is None:
        return window.tobytes().decode("utf-8", errors="ignore")
    return "".join(tokens[token] for token in window.tolist()).encode("latin-1").decode(errors="ignore")


def _images(
    arrays: Mapping[str, Array], meta: Mapping[str, Any], image: ImageShape, limit: int
) -> tuple[ImageSample, ...]:
    indices = _classes_in_turn(arrays["y_train"])[:limit]
    form = (-1, image.height, image.width, image.channels)
    pictures = _grey_levels(arrays["x_train"][indices].reshape(form), meta)
    return tuple(
        ImageSample(label=meta["class_names"][code], png=b64encode(png(pixels)).decode())
        for code, pixels in zip(arrays["y_train"][indices].tolist(), pictures, strict=True)
    )


def _classes_in_turn(codes: Array) -> NDArray[np.int64]:
    """Return the indices of all rows: the first of each class, then the second of each, and so on."""
    by_class = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[by_class], codes[by_class])
    rank = np.arange(len(codes)) - starts
    indices: NDArray[np.int64] = by_class[np.lexsort((codes[by_class], rank))]
    return indices


def _grey_levels(standard: Array, meta: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return standardised images [n, H, W, C] as levels 0 to 255 between the data's black and white."""
    low, high = meta["pixel_range"]
    pixels = standard * np.asarray(meta["pixel_std"]) + np.asarray(meta["pixel_mean"])
    levels: NDArray[np.uint8] = np.clip(np.rint(255 * (pixels - low) / (high - low)), 0, 255).astype(np.uint8)
    return levels
