import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.arrays import ALIGNMENT, MAGIC, read_arrays, write_arrays
from muscope.backend.errors import MuscopeError

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "x": np.arange(12, dtype=np.float32).reshape(3, 4),
    "y": np.array([1, -2, 3], np.int64),
    "none": np.empty((0, 4), np.float64),
    "scalar": np.array(7, np.int32),
    "bytes": np.arange(251, 256, dtype=np.uint8),
}
META = {"名前": ["温度", "圧力"], "scale": 0.1}


@pytest.fixture
def path(tmp_path):
    write_arrays(tmp_path / "data", ARRAYS, META)
    return tmp_path / "data"


def test_gives_back_what_was_written(path):
    arrays, meta = read_arrays(path)

    assert meta == META
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_arrays_are_read_only_and_aligned(path):
    arrays, _ = read_arrays(path)

    assert not any(array.flags.writeable for array in arrays.values())
    assert all(array.ctypes.data % ALIGNMENT == 0 for array in arrays.values() if array.size)


def test_equal_content_gives_equal_bytes_whatever_the_memory_layout(path, tmp_path):
    other = {**ARRAYS, "x": np.asfortranarray(ARRAYS["x"]).astype(">f4")}

    write_arrays(tmp_path / "again", other, dict(reversed(META.items())))

    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([object()]), np.array([True])])
def test_refuses_other_kinds_of_arrays_and_leaves_nothing(tmp_path, array):
    with pytest.raises(TypeError, match="array 'x': expected one of f4, f8, i4, i8, u1"):
        write_arrays(tmp_path / "data", {"x": array}, {})

    assert list(tmp_path.iterdir()) == []


def test_every_truncation_is_noticed(path):
    content = path.read_bytes()

    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(MuscopeError, match=r"arrays\.damaged"):
            read_arrays(path)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(index=st.integers(0, 300), value=st.integers(0, 255))
def test_a_changed_byte_is_noticed_or_harmless(tmp_path_factory, index, value):
    path = tmp_path_factory.getbasetemp() / "changed"
    write_arrays(path, ARRAYS, META)
    content = bytearray(path.read_bytes())
    content[index] = value
    path.write_bytes(content)

    try:
        arrays, _ = read_arrays(path)
    except MuscopeError as error:
        arrays = {error.code: np.empty(0)}

    assert sum(array.nbytes for array in arrays.values()) < 1000
    assert len(arrays) == len(ARRAYS) or "arrays.damaged" in arrays


@pytest.mark.parametrize(
    "row",
    [
        {"name": "x", "dtype": "O8", "shape": [1], "offset": 0},
        {"name": "x", "dtype": "f4", "shape": [-1], "offset": 0},
        {"name": "x", "dtype": "f4", "shape": [1 << 40], "offset": 0},
        {"name": "x", "dtype": "f4", "shape": [True], "offset": 0},
        {"name": "x", "dtype": "f4", "shape": [16], "offset": 64},
        {"name": "x", "dtype": "f4", "shape": "16", "offset": 0},
        {"name": "x"},
    ],
)
def test_refuses_headers_that_lie(tmp_path, row):
    header = json.dumps({"arrays": [row], "meta": {}}).encode()
    prefix = MAGIC + len(header).to_bytes(8, "little") + header
    path = tmp_path / "data"
    path.write_bytes(prefix + bytes(-len(prefix) % ALIGNMENT + 64))

    with pytest.raises(MuscopeError, match=r"arrays\.damaged"):
        read_arrays(path)
