from base64 import b64decode

import numpy as np
import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Conflict, NotFound, Unavailable
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.datasets.samples import get_samples
from tests.backend.ingest.bad_files import CODES, npz, pixels
from tests.backend.ingest.bad_inputs import rows, table
from tests.backend.services.datasets.test_png import decode

TEXT = "".join(f"第{place}行：Call me Ishmael.\n" for place in range(200))


@pytest.fixture
def store(context, tmp_path):
    def of(content, **options):
        source = tmp_path / "upload"
        source.write_bytes(content)
        return datasets.store_file(context, LOCAL_OWNER, source, "mine", IngestOptions(**options)).dataset

    return of


def test_images_come_by_class_in_turn_with_the_grey_levels_they_had(context, store):
    x = pixels(30, 6, 5, 3)
    dataset = store(npz(x=x, y=CODES))

    samples = get_samples(context, LOCAL_OWNER, dataset.id, limit=7)

    assert [image.label for image in samples.images] == ["0", "1", "2", "0", "1", "2", "0"]
    assert samples.texts == ()
    for image in samples.images:
        _, shown = decode(b64decode(image.png))
        (index,) = np.flatnonzero((x == shown).all((1, 2, 3)))
        assert str(CODES[index]) == image.label


def test_a_text_comes_in_windows_without_halves_of_characters(context, store):
    dataset = store(TEXT.encode(), kind="text")

    texts = get_samples(context, LOCAL_OWNER, dataset.id, limit=5).texts

    assert len(texts) == 5
    assert all(text in TEXT and 60 <= len(text.encode()) <= 64 for text in texts)


def test_a_table_has_no_samples(context, store):
    dataset = store(table(rows(20)))

    with pytest.raises(Conflict, match=r"dataset\.has_no_samples"):
        get_samples(context, LOCAL_OWNER, dataset.id, limit=5)


def test_a_file_that_is_gone_is_told(context, store):
    dataset = store(TEXT.encode(), kind="text")
    context.blobs.delete(dataset.arrays_sha256)

    with pytest.raises(Unavailable, match=r"dataset\.file_missing"):
        get_samples(context, LOCAL_OWNER, dataset.id, limit=5)


def test_another_owner_sees_nothing(context, store):
    dataset = store(TEXT.encode(), kind="text")

    with pytest.raises(NotFound, match=r"dataset\.not_found"):
        get_samples(context, "somebody", dataset.id, limit=5)
