"""Find the Chrome or Chromium that the browser tests drive; get one if there is none.

python scripts/browser.py      # prints its path; exits non-zero and says what to do when none can be had
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Folders of Playwright's downloads, on Linux and macOS.
PLAYWRIGHT_FOLDERS = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
PLAYWRIGHT_FILES = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
WAYS = {
    "playwright": ((sys.executable, "-m", "playwright", "install", "chromium"),),
    "apt-get": (
        ("apt-get", "update", "--quiet"),
        ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"),
    ),
}
INSTALL_SECONDS = 600
HOW = (
    "No Chrome or Chromium was found and none could be installed. Install one, for example with "
    "`.venv/bin/python -m playwright install --with-deps chromium` or `sudo apt-get install chromium`."
)


def find_browser() -> str | None:
    """Return the path of a browser of this machine."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [path for path in MAC_APPS if os.access(path, os.X_OK)]
    for folder in PLAYWRIGHT_FOLDERS:
        for pattern in PLAYWRIGHT_FILES:
            found += [str(path) for path in sorted(folder.glob(pattern), reverse=True)]
    return next((path for path in found if _starts(path)), None)


def _starts(path: str) -> bool:
    """Tell whether it runs at all: a downloaded one may lack the system's libraries."""
    try:
        return (
            subprocess.run((path, "--version"), capture_output=True, timeout=60, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def get_browser() -> str | None:
    """Install one, trying each way in turn."""
    for program, commands in WAYS.items():
        if program == "apt-get" and (os.geteuid() != 0 or shutil.which("apt-get") is None):
            continue
        print(f"No browser found; trying {program}", flush=True)
        if all(_works(command) for command in commands):
            found = find_browser()
            if found is not None:
                return found
    return None


def _works(command: tuple[str, ...]) -> bool:
    """Run one step of an installation; a network that swallows packets must not hold the tests for ever."""
    try:
        return subprocess.run(command, timeout=INSTALL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    """Find or get one."""
    path = find_browser() or get_browser()
    print(path or HOW, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
