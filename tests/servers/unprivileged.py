"""Start of a program that refuses to run as root, and that ends when the tests end, however they end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

USER = "nobody"
# The shell waits for the end of its input, which comes with the end of whoever holds the pipe.
_UNTIL_INPUT_ENDS = '"$@" & read -r _; kill -{signal} $!; wait $!'


def _identity() -> dict[str, Any]:
    """Return arguments of `subprocess` that give up root; none where there is nothing to give up."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def folder_for_it() -> Path:
    """Create a folder that only this user can read, with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="muscope-", dir="/tmp"))
    _give_away(folder)
    return folder


def reachable(installed: Path, names: Sequence[str], folder: Path) -> Path:
    """Return a folder with the named programs that the user can reach.

    A copy in `folder` for root, below whose private folders they may be installed; else `installed` itself.
    """
    if os.getuid() != 0:
        return installed
    for name in names:
        if (installed / name).is_dir():
            shutil.copytree(installed / name, folder / name, symlinks=True)
        elif (installed / name).is_file():
            folder.mkdir(exist_ok=True)
            shutil.copy(installed / name, folder / name)
    for path in (folder, *folder.rglob("*")):
        _give_away(path)
    return folder


def _give_away(path: Path) -> None:
    if identity := _identity():
        os.chown(path, identity["user"], identity["group"], follow_symlinks=False)


def run(arguments: Sequence[str | Path], *, environment: Mapping[str, str]) -> str:
    """Run a program to its end and return what it printed; raises CalledProcessError."""
    done = subprocess.run(
        arguments, env=environment, cwd="/", check=True, capture_output=True, text=True, **_identity()
    )
    return str(done.stdout)


def start(
    arguments: Sequence[str | Path], *, environment: Mapping[str, str], log: Path, stop_signal: str
) -> subprocess.Popen[bytes]:
    """Start a program that gets `stop_signal` when the standard input of the process is closed."""
    shell = ["/bin/sh", "-c", _UNTIL_INPUT_ENDS.format(signal=stop_signal), "sh", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(
            shell,
            env=environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **_identity(),
        )


def stop(process: subprocess.Popen[bytes], *, seconds: float = 20) -> None:
    """Stop what `start` started and wait for its end."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait(seconds)
