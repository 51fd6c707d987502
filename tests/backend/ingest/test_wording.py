"""Cells of a file in sentences."""

from muscope.backend.ingest.wording import shown


def test_blanks_of_any_width_are_blanks_and_what_hides_is_marked():
    assert shown("1\u202f200 a\u00a0b\u3000c") == "1 200 a b c"
    assert shown("a\nb\u200bc") == "a�b�c"
