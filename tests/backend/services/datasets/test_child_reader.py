import gzip
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from muscope import backend
from muscope.backend import catalogue
from muscope.backend.arrays import read_arrays
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.errors import InvalidInput, MuscopeError, NotFound, TooLarge, UnsupportedMedia
from muscope.backend.ingest.manifest import EXAMPLE_NAMES, IngestLimits, IngestOptions
from muscope.backend.services.datasets import child_reader as reading
from tests.backend.ingest.bad_inputs import BAD_INPUTS, BadInput, rows, table

pytestmark = pytest.mark.slow

ROOT = Path(backend.__file__).parent
THROUGH_THE_CHILD = ("letter O for zero", "png", "short row", "nothing", "10,000 texts as classes")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "dataset"


def _source(tmp_path, content: bytes) -> Path:
    path: Path = tmp_path / "upload"
    path.write_bytes(content)
    return path


def test_reads_a_table_in_a_child(tmp_path, out):
    manifest = reading.read_file(_source(tmp_path, table(rows(40))), out)

    arrays, meta = read_arrays(out)
    assert arrays["x_train"].shape == (32, 2)
    assert DatasetShape.model_validate(meta["shape"]) == manifest.shape
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "upload"]


def test_a_folder_is_read_in_whose_name_is_no_text_in_this_locale(tmp_path):
    folder = tmp_path / os.fsdecode(b"\xbc\xc2\xb8\xb3")  # as one that an EUC-JP terminal has made
    folder.mkdir()

    manifest = reading.read_file(_source(folder, table(rows(40))), folder / "dataset")

    assert manifest.shape.num_train == 32


def test_a_packed_table_is_read_in_a_child_and_nothing_unpacked_is_left(tmp_path, out):
    reading.read_file(_source(tmp_path, gzip.compress(table(rows(40)))), out)

    assert read_arrays(out)[0]["x_train"].shape == (32, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "upload"]


def test_a_text_gets_its_byte_pairs_in_a_child(tmp_path, out):
    pytest.importorskip("tokenizers", reason="the extra bpe is not installed")
    content = b"".join(b"the best of times, chapter %d.\n" % number for number in range(900))

    manifest = reading.read_file(_source(tmp_path, content), out, IngestOptions(kind="text", vocabulary=300))

    arrays, meta = read_arrays(out)
    assert len(meta["tokens"]) == manifest.shape.num_outputs == 300
    assert arrays["x_train"].max() >= 256


def test_the_same_file_gives_the_same_bytes(tmp_path, out):
    source = _source(tmp_path, table(rows(40)))

    reading.read_file(source, out)
    reading.read_file(source, tmp_path / "again")

    assert out.read_bytes() == (tmp_path / "again").read_bytes()


@pytest.mark.parametrize("name", EXAMPLE_NAMES)
def test_makes_the_examples(out, name):
    manifest = reading.make_example(name, out)

    assert read_arrays(out)[0]["x_train"].shape == (manifest.shape.num_train, manifest.shape.num_features)


def test_an_unknown_example_is_not_found(out):
    with pytest.raises(NotFound, match=r"dataset\.unknown_example"):
        reading.make_example("imagenet", out)


@pytest.mark.parametrize(
    "bad", [bad for bad in BAD_INPUTS if bad.name in THROUGH_THE_CHILD], ids=lambda bad: bad.name
)
def test_the_childs_error_is_raised_here_and_nothing_is_left(bad: BadInput, tmp_path, out):
    source = _source(tmp_path, bad.content)

    with pytest.raises(MuscopeError) as raised:
        reading.read_file(source, out, bad.options)

    assert (raised.value.code, bad.params.items() <= raised.value.params.items()) == (bad.code, True)
    assert type(raised.value) is (UnsupportedMedia if bad.name == "png" else InvalidInput)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (IngestLimits(wall_seconds=0.01), "dataset.took_too_long"),
        (IngestLimits(output_bytes=2048), "dataset.output_too_large"),
        pytest.param(
            IngestLimits(memory_bytes=1 << 20),
            "dataset.too_much_memory",
            marks=pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc"),
        ),
    ],
)
def test_a_limit_stops_the_child_and_leaves_nothing(limits, code, tmp_path, out):
    source = _source(tmp_path, table(rows(4000)))

    with pytest.raises(TooLarge) as raised:
        reading.read_file(source, out, limits=limits)

    assert raised.value.code == code
    assert list(tmp_path.iterdir()) == [source]


def test_processor_time_is_limited_too(tmp_path, out):
    columns = ",".join(f"c{number}" for number in range(13))
    wide = rows(500_000, "{i},{half},{third}" + ",{half}" * 10 + "\n")
    source = _source(tmp_path, table(wide, header=f"{columns}\n"))

    with pytest.raises(TooLarge, match=r"dataset\.took_too_long"):
        reading.read_file(source, out, limits=IngestLimits(cpu_seconds=1))

    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "dataset.reader_crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "dataset.too_much_memory"),
        ("import os; os.abort()", "dataset.too_much_memory"),
        ("raise SystemExit(3)", "dataset.reader_crashed"),
        ("print('not json')", "dataset.reader_crashed"),
        ("pass", "dataset.reader_crashed"),
    ],
)
def test_every_way_to_die_is_one_error_and_leaves_nothing(body, code, tmp_path, out, monkeypatch):
    half_written = f"from pathlib import Path; Path({str(out)!r}).write_text('half'); "
    monkeypatch.setattr(reading, "_BOOT", half_written + body)

    with pytest.raises(MuscopeError, match=re.escape(code)):
        reading.read_file(_source(tmp_path, b"x"), out)

    assert not out.exists()


def test_what_the_child_prints_goes_to_the_log(tmp_path, out, monkeypatch, caplog):
    monkeypatch.setattr(reading, "_BOOT", "import sys; sys.exit('secret of the parser')")

    with caplog.at_level(logging.WARNING), pytest.raises(InvalidInput) as raised:
        reading.read_file(_source(tmp_path, b"x"), out)

    assert "secret" in caplog.text
    assert "secret" not in str(raised.value)


def test_the_child_sees_no_secrets_and_two_threads(tmp_path, out, monkeypatch, caplog):
    monkeypatch.setenv("MUSCOPE_DATABASE_URL", "postgresql://user:password@host")
    monkeypatch.setattr(reading, "_BOOT", "import os, sys; sys.exit(str(dict(os.environ)))")

    with caplog.at_level(logging.WARNING), pytest.raises(InvalidInput):
        reading.read_file(_source(tmp_path, b"x"), out)

    assert "'POLARS_MAX_THREADS': '2'" in caplog.text
    assert "password" not in caplog.text


def test_the_child_is_dead_when_the_parent_is_interrupted(tmp_path, out, monkeypatch):
    started: list[subprocess.Popen[bytes]] = []

    def interrupt(child, *_):
        started.append(child)
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "_watch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        reading.read_file(_source(tmp_path, table(rows(40))), out)

    assert started[0].returncode == -signal.SIGKILL


def test_the_parent_imports_no_parser():
    code = (
        "import sys, muscope.backend.services.datasets.child_reader;"
        "print(sorted({'polars', 'sklearn', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )

    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)

    assert done.stdout.strip() == b"[]"


def test_every_code_has_a_sentence_with_its_parameters_in_both_languages():
    sources = [
        ROOT / "arrays.py",
        *ROOT.glob("storage/*.py"),
        ROOT / "services" / "datasets" / "child_reader.py",
        *ROOT.glob("ingest/**/*.py"),
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'"((?:dataset|storage|arrays)\.[a-z_]+)"', text))
    assert len(codes) > 40

    for code in codes:
        texts = [
            catalogue.catalogue(language).get(f"error.{code}")
            or catalogue.catalogue(language)[f"warning.{code}"]
            for language in catalogue.LANGUAGES
        ]
        english, japanese = (set(re.findall(r"{(\w+)}", sentence)) for sentence in texts)
        assert english == japanese, code
