"""Commands of an operator in environments of other people: locale, folder, no home, a strict umask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
STRICT, OTHERS = 0o077, 0o077


@pytest.mark.parametrize(
    ("locale", "encoding", "told"),
    [("C", "ascii", "Nothing was deleted"), ("ja_JP.SJIS", "cp932", "まだ何も削除していません")],
)
def test_a_command_works_in_any_locale_and_in_a_folder_of_any_name(
    tmp_path: Path, locale: str, encoding: str, told: str
):
    data = tmp_path / "it's 実験 50% ?#&"
    environment = {
        "PATH": "/usr/bin:/bin",  # and no HOME
        "LC_ALL": locale,
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": encoding,
        "MUSCOPE_DATA": str(data),
    }
    command = (sys.executable, "-m", "muscope.backend.cli", "retention", "--days", "30")
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, timeout=300, check=False, umask=STRICT
    )

    assert done.returncode == 0, done.stderr
    assert told in done.stdout.decode(encoding)
    assert [path.name for path in tmp_path.iterdir()] == [data.name]
    assert {path.stat().st_mode & OTHERS for path in data.rglob("*")} == {0}
