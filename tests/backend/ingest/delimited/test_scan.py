"""The scanner of records against a reading of the same text sign by sign."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.delimited import scan as scanning
from muscope.backend.ingest.delimited.scan import refuse_open_quote, scan

_PIECES = st.sampled_from(["a", "値", ",", "\n", '"x,\ny"', '""', "1.5", ","])


def _by_sign(text):
    """Return the bytes and the delimiters of every record."""
    records, current, is_inside = [], "", False
    for sign in text:
        is_inside ^= sign == '"'
        current += sign
        if sign == "\n" and not is_inside:
            records.append(current)
            current = ""
    records += [current] if current else []
    return [(len(record.encode()), _outside(record)) for record in records]


def _outside(record):
    return sum(part.count(",") for part in record.split('"')[::2])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(_PIECES, max_size=30), st.integers(3, 40))
def test_records_are_those_read_sign_by_sign_whatever_the_blocks(pieces, block_bytes):
    text = "".join(pieces)
    before, scanning._BLOCK_BYTES = scanning._BLOCK_BYTES, block_bytes
    try:
        found = scan(text.encode(), b",", b'"')
    finally:
        scanning._BLOCK_BYTES = before

    assert list(zip(found.lengths.tolist(), found.delimiters.tolist(), strict=True)) == _by_sign(text)


def test_a_quote_that_is_never_closed_is_named_by_its_row():
    found = scan(b'a,b\n1,2\n3,"4\n5,6\n', b",", b'"')

    with pytest.raises(InvalidInput, match="row=3"):
        refuse_open_quote(found)
