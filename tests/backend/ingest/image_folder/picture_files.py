"""Archives of pictures, and what a reading of them shows."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.containers.archives import zipped

RNG = np.random.default_rng(5)


def colours(height: int = 12, width: int = 10) -> np.ndarray:
    return RNG.integers(0, 255, (height, width, 3), dtype=np.uint8)


def saved(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None, **options) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def pictures(classes=("cat", "dog"), count: int = 8, folder: str = "", **options) -> dict[str, bytes]:
    return {f"{folder}{name}/{i}.png": saved(colours(**options)) for name in classes for i in range(count)}


def prepare(tmp_path, files, **options):
    source = tmp_path / "upload"
    source.write_bytes(files if isinstance(files, bytes) else zipped(files))
    prepared = prepare_file(source, IngestOptions(**options))
    profile = prepared.manifest.profile
    for code, params in ((entry.code, entry.params) for entry in (*profile.notes, *profile.warnings)):
        assert all(catalogue.text(f"warning.{code}", language, **params) for language in catalogue.LANGUAGES)
    return prepared


def refused(tmp_path, files, **options) -> MuscopeError:
    with pytest.raises(MuscopeError) as raised:
        prepare(tmp_path, files, **options)
    for language in catalogue.LANGUAGES:
        assert catalogue.text(f"error.{raised.value.code}", language, **raised.value.params)
    return raised.value


def said(prepared) -> dict[str, dict[str, Any]]:
    profile = prepared.manifest.profile
    return {e.code.removeprefix("dataset."): e.params for e in (*profile.notes, *profile.warnings)}


def raw(prepared, part: str) -> Any:
    shape = prepared.manifest.shape.image
    values = prepared.arrays[part].reshape(-1, shape.height, shape.width, shape.channels)
    return np.rint(values * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"])
