"""Pictures in folders of classes: which folder is what, and which files count."""

import unicodedata

import pytest

from muscope.backend.domain.spec.dataset import ImageShape
from tests.backend.ingest.containers.archives import zipped_raw
from tests.backend.ingest.image_folder.picture_files import (
    colours,
    pictures,
    prepare,
    raw,
    refused,
    said,
    saved,
)


def test_a_folder_is_a_class_and_a_picture_keeps_its_pixels(tmp_path):
    files = {f"{'cat' if i % 3 else 'dog'}/{i}.png": colours() for i in range(20)}

    prepared = prepare(tmp_path, {name: saved(pixels) for name, pixels in files.items()})

    assert prepared.manifest.shape.image == ImageShape(height=12, width=10, channels=3)
    assert prepared.meta["class_names"] == ["cat", "dog"]
    for part in ("train", "val"):
        for image, code in zip(raw(prepared, f"x_{part}"), prepared.arrays[f"y_{part}"], strict=True):
            (name,) = [name for name, pixels in files.items() if (pixels == image).all()]
            assert name.startswith(prepared.meta["class_names"][code])
    assert said(prepared) == {}


@pytest.mark.parametrize("outer", ["data/", "a/b/c/", "/home/me/", "C:\\data\\"])
def test_folders_around_the_classes_are_of_no_matter(tmp_path, outer):
    assert prepare(tmp_path, pictures(folder=outer)).meta["class_names"] == ["cat", "dog"]


def test_classes_lie_below_the_parts_and_the_parts_are_kept(tmp_path):
    files = pictures(folder="set/train/") | pictures(folder="set/test/", count=3)

    prepared = prepare(tmp_path, files)
    joined = prepare(tmp_path, files, split="random")

    assert prepared.meta["class_names"] == ["cat", "dog"]
    assert (prepared.manifest.shape.num_train, prepared.manifest.shape.num_val) == (16, 6)
    assert said(prepared) == {"test_validates": {"name": "test", "count": 6}}
    assert [d.option for d in prepared.manifest.profile.decisions] == ["split"]
    assert (joined.manifest.shape.num_train, joined.manifest.shape.num_val) == (18, 4)


def test_a_validation_part_goes_before_a_test_part(tmp_path):
    files = pictures(folder="学習/") | pictures(folder="検証/", count=2) | pictures(folder="テスト/", count=3)

    prepared = prepare(tmp_path, files)

    assert (prepared.manifest.shape.num_train, prepared.manifest.shape.num_val) == (16, 4)
    assert said(prepared)["test_unused"] == {"count": 6}


def test_parts_below_the_classes_are_parts_too(tmp_path):
    files = {
        f"{name}/{part}/{i}.png": saved(colours())
        for name in ("cat", "dog")
        for part, count in (("train", 8), ("val", 2))
        for i in range(count)
    }

    prepared = prepare(tmp_path, files)

    assert (prepared.meta["class_names"], prepared.manifest.shape.num_val) == (["cat", "dog"], 4)


def test_a_folder_between_part_and_classes_is_of_no_matter(tmp_path):
    files = pictures(folder="train/images/") | pictures(folder="val/images/", count=2)

    assert prepare(tmp_path, files).meta["class_names"] == ["cat", "dog"]


def test_pictures_outside_the_classes_are_left_out_and_counted(tmp_path):
    prepared = prepare(tmp_path, pictures() | {"cover.png": saved(colours())})

    assert (prepared.manifest.profile.num_rows, said(prepared)["images_outside"]) == (16, {"count": 1})


def test_pictures_without_folders_have_no_classes(tmp_path):
    files = {f"{i}.png": saved(colours()) for i in range(20)}

    assert refused(tmp_path, files).code == "dataset.images_without_classes"
    assert refused(tmp_path, {f"cat/{name}": f for name, f in files.items()}).code == "dataset.one_class"


def test_names_are_compared_as_they_are_read(tmp_path):
    composed, split_up = (unicodedata.normalize(form, "ガラス") for form in ("NFC", "NFD"))
    files = {f"{composed}/{i}.png": saved(colours()) for i in range(6)}
    files |= {f"{split_up}/{i + 6}.png": saved(colours()) for i in range(6)}

    assert prepare(tmp_path, files | pictures(["石"])).meta["class_names"] == ["ガラス", "石"]


def test_names_in_cp932_are_japanese_and_said(tmp_path):
    files = {
        f"{name}/{i:04}.png".encode("cp932"): saved(colours()) for name in ("表", "ソ") for i in range(8)
    }

    prepared = prepare(tmp_path, zipped_raw(files))

    assert prepared.meta["class_names"] == ["ソ", "表"]
    assert "archive_names_guessed" in said(prepared)


def test_files_of_the_operating_system_are_no_class(tmp_path):
    files = {
        "__MACOSX/cat/._0.png": b"x",
        "cat/.DS_Store": b"x",
        ".ipynb_checkpoints/a.png": saved(colours()),
    }

    prepared = prepare(tmp_path, pictures() | files)

    assert (prepared.meta["class_names"], said(prepared)) == (["cat", "dog"], {})
