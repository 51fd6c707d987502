"""Build the documentation site into build/docs, to look at it or to put it on a server of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from muscope.backend.handbook.site import build

TARGET = Path(__file__).resolve().parent.parent / "build" / "docs"


def main() -> None:
    """Build anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    build(TARGET)
    print(TARGET / "en" / "index.html")


if __name__ == "__main__":
    main()
