"""Write the installed versions to constraints.txt, without µScope itself and torch's CUDA packages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "constraints.txt"
LEFT_OUT = re.compile(r"^(muscope|nvidia|cuda|triton|-e|#)", re.IGNORECASE)
HEADER = """\
# The versions µScope was tested with, of direct and indirect packages; `make setup` installs within them.
# What torch brings along for CUDA (nvidia-*, cuda-*, triton) is left out: it differs by platform.
# Renew: upgrade in .venv, run `make test`, then `make constraints`.
"""


def main() -> None:
    """Freeze, filter, write."""
    freeze = subprocess.run(
        (sys.executable, "-m", "pip", "freeze"), check=True, capture_output=True, text=True
    ).stdout
    lines = (line for line in freeze.splitlines() if not LEFT_OUT.match(line))
    # A local version such as +cpu names one index's build; the same release from another index will do.
    TARGET.write_text(HEADER + "".join(f"{line.partition('+')[0]}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
