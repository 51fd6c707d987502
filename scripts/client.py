"""Write the client's plain calls from its coroutines, by replacing names; `make client`.

One text for both: what is said of one holds for the other.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOM = Path(__file__).resolve().parent.parent / "backend" / "client"
SOURCE, TARGET = ROOM / "asynchronous", ROOM / "synchronous"
MARK = "# Written by `make client` from the file of the same name in `asynchronous`.\n"
REPLACED = (
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsync(Client|Pieces|Sweeps|Transport)\b", r"\1"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bclient\.asynchronous\b", "client.synchronous"),
)


def main() -> None:
    """Write every file of the target."""
    for name, text in files().items():
        (TARGET / name).write_text(text, encoding="utf-8")


def files() -> dict[str, str]:
    """Return the text of every file of the target, by its name."""
    sources = (path for path in sorted(SOURCE.glob("*.py")) if path.name != "__init__.py")
    return {path.name: plain(path.read_text(encoding="utf-8")) for path in sources}


def plain(text: str) -> str:
    """Return a module of coroutines as one of plain calls."""
    for pattern, replacement in REPLACED:
        text = re.sub(pattern, replacement, text)
    # A module that has slept needs `time` once, in the place of `asyncio`.
    imported = "" if re.search(r"^import time$", text, re.MULTILINE) else "import time\n"
    text = MARK + re.sub(r"^import asyncio\n", imported, text, flags=re.MULTILINE)
    return _piped(_piped(text, "check", "--fix", "--select=I", "--quiet"), "format")


def _piped(text: str, *command: str) -> str:
    """Return what ruff makes of a module: shorter names change the order of imports and where lines break."""
    program = str(Path(sys.executable).parent / "ruff")
    ruff = (program, *command, f"--stdin-filename={TARGET / 'client.py'}", "-")
    done = subprocess.run(ruff, input=text, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
