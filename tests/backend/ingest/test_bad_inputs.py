import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from tests.backend.ingest.bad_files import BAD_FILES, CODES, npz, pixels
from tests.backend.ingest.bad_inputs import BAD_INPUTS, BadInput


@pytest.mark.parametrize("bad", [*BAD_INPUTS, *BAD_FILES], ids=lambda bad: bad.name)
def test_names_what_is_wrong_and_where(bad: BadInput, tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(bad.content)

    with pytest.raises(MuscopeError) as raised:
        prepare_file(source, bad.options)

    assert raised.value.code == bad.code
    assert bad.params.items() <= raised.value.params.items()


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
@pytest.mark.parametrize("bad", [*BAD_INPUTS, *BAD_FILES], ids=lambda bad: bad.name)
def test_has_a_sentence_for_it(bad: BadInput, language, tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(bad.content[: 4 << 20])
    with pytest.raises(MuscopeError) as raised:
        prepare_file(source, bad.options)

    sentence = catalogue.text(f"error.{raised.value.code}", language, **raised.value.params)

    assert len(sentence) < 600
    assert all(str(value) in sentence for value in bad.params.values())


_CELLS = st.sampled_from(
    ["", "1", "-2.5", "1e308", "-1e308", "1e-320", "x", "NaN", '"', "\n", "é", "１", "inf"]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    _read_or_refuse(tmp_path_factory, content)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=10, max_size=14))
def test_any_table_is_read_or_refused(tmp_path_factory, cells):
    body = "\n".join(",".join(row) for row in cells)

    _read_or_refuse(tmp_path_factory, f"a,b,label\n{body}\n".encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2)), min_size=12))
def test_any_finite_numbers_give_finite_arrays(tmp_path_factory, pairs):
    body = "".join(f"{number!r},{index}\n" for index, (number, _) in enumerate(pairs))

    _read_or_refuse(tmp_path_factory, f"y,a\n{body}".encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=300), st.integers(1, 30))
def test_any_bytes_are_a_text_or_refused(tmp_path_factory, content, times):
    _read_or_refuse(tmp_path_factory, content * times, IngestOptions(kind="text"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.binary(min_size=1, max_size=4))
def test_an_archive_with_changed_bytes_is_read_or_refused(tmp_path_factory, index, changed):
    content = npz(x=pixels(), y=CODES)
    index %= len(content)

    content = content[:index] + changed + content[index + len(changed) :]

    _read_or_refuse(tmp_path_factory, content, IngestOptions(kind="images"))


def _read_or_refuse(tmp_path_factory, content: bytes, options: IngestOptions | None = None) -> None:
    source = tmp_path_factory.getbasetemp() / "fuzz.csv"
    source.write_bytes(content)
    try:
        prepared = prepare_file(source, options or IngestOptions())
    except MuscopeError as error:
        catalogue.text(f"error.{error.code}", "ja", **error.params)
        return
    assert all(abs(array.astype(float)).max() < 1e7 for array in prepared.arrays.values())
    assert isinstance(prepared.manifest, Manifest)
