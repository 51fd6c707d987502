"""Archives with changed, lost and repeated bytes: read or refused in a sentence, in bounded memory."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from PIL import Image

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.bad_files import CODES, pixels
from tests.backend.ingest.containers.archives import table, zipped

NUM_CHANGED = 120
MOST_BYTES = 64 << 20  # two pictures of the largest size would not fit


def picture(place: int, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(30, 9, 8, 3)[place]).save(file, kind)
    return file.getvalue()


Alter = Callable[[bytes], bytes]


def arrays(alter: Alter) -> bytes:
    labels = CODES.astype("U4")
    examples = {"x_train": pixels(), "x_test": pixels(), "y_train": labels, "y_test": labels}
    return zipped({f"{name}.npy": alter(saved(array)) for name, array in examples.items()})


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def folders(alter: Alter) -> bytes:
    kinds = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
    return zipped({f"{'ab'[i % 2]}/{i}.png": alter(picture(i, kinds[i % len(kinds)])) for i in range(30)})


# Archives of all kinds; a function changes what is in them, under a checksum that fits.
SEEDS: dict[str, Callable[[Alter], bytes]] = {
    "gzip": lambda alter: gzip.compress(alter(table())),
    "zip in zip": lambda alter: zipped({"in.zip": alter(zipped({"a.csv": table(), "b.tsv": table(50)}))}),
    "arrays": arrays,
    "array": lambda alter: alter(saved(np.column_stack([pixels(30, 4), CODES]))),
    "pictures": folders,
    "texts": lambda alter: zipped({f"{i}.txt": alter(f"{i}番目。".encode("cp932") * 200) for i in range(5)}),
}


def changed(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one to four changes of the kinds that damage and malice make."""
    result = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(result) or 1)
        length = rng.choice((1, 1, 2, 4, 8, 64))
        change = rng.randrange(5)
        if change == 0:
            result[place : place + length] = rng.randbytes(length)
        elif change == 1:
            del result[place : place + length]
        elif change == 2:
            result[place:place] = result[place : place + length]
        elif change == 3:
            result[place : place + length] = rng.choice((b"\xff", b"\0", b"\x7f")) * length
        else:
            other = rng.randrange(len(result) or 1)
            result[place : place + length] = result[other : other + length]
    return bytes(result[: rng.randrange(len(result))]) if rng.random() < 0.1 else bytes(result)


@pytest.mark.parametrize("name", SEEDS)
def test_a_changed_archive_is_read_or_refused(tmp_path, name):
    rng = random.Random(name)
    content = SEEDS[name](lambda inner: inner)
    source = tmp_path / "upload"
    source.write_bytes(content)
    prepare_file(source, IngestOptions())
    refusals: list[MuscopeError] = []
    tracemalloc.start()
    try:
        for place in range(NUM_CHANGED):
            is_inside = place % 3 == 0
            source.write_bytes(
                SEEDS[name](lambda inner: changed(inner, rng)) if is_inside else changed(content, rng)
            )
            try:
                prepared = prepare_file(source, IngestOptions())
            except MuscopeError as error:
                refusals.append(error)
            else:
                assert all(np.isfinite(array.astype(float)).all() for array in prepared.arrays.values())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MOST_BYTES
    assert refusals
    for refusal, language in product(refusals, catalogue.LANGUAGES):
        assert catalogue.text(f"error.{refusal.code}", language, **refusal.params)
    assert list(tmp_path.iterdir()) == [source]
