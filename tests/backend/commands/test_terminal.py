"""No terminal's encoding ends a process."""

import io

import pytest

from muscope.backend.commands.terminal import make_output_safe, terminal_language


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", 'uScope "??" - 2x'),
        ("euc_jp", "uScope “準備” - 2×"),
        ("cp932", "uScope “準備” - 2×"),
        ("utf-8", "µScope “準備” – 2×"),
    ],
)
def test_what_an_encoding_lacks_is_written_as_the_nearest(encoding: str, shown: str):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    make_output_safe(stream)

    print("µScope “準備” – 2×", file=stream, end="", flush=True)

    assert raw.getvalue().decode(encoding) == shown


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.eucJP", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LC_ALL": "", "LANG": "ja"}, "ja"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_that_of_the_terminal(variables: dict[str, str], language: str):
    assert terminal_language(variables) == language
