"""Git hooks of this repository: lint and format before a commit, the commit rule for its message.

    python scripts/hooks.py install                # what `make setup-dev` runs
    python scripts/hooks.py pre-commit             # what the hooks run
    python scripts/hooks.py commit-msg FILE

They use .venv and no network. Standard library only, so that a worktree without .venv can run them too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUFF = ROOT / ".venv" / "bin" / "ruff"
NAMES = ("pre-commit", "commit-msg")
MARK = "# Installed by scripts/hooks.py; `make setup-dev` renews it."
# The hooks folder is shared by all worktrees and by commits that are older than the hooks.
HOOK = f"""\
#!/bin/sh
{MARK}
root=$(git rev-parse --show-toplevel) || exit 0
python="$root/.venv/bin/python"
[ -x "$python" ] || python=$(command -v python3) || exit 0
[ -f "$root/scripts/hooks.py" ] || exit 0
exec "$python" "$root/scripts/hooks.py" "${{0##*/}}" "$@"
"""
FORMAT = "`make format` mends most of it; add the files again then."


def install() -> int:
    """Write the hooks where no other file is; an obstacle is reported and does no harm."""
    folder = _own_hooks_folder()
    if folder is None:
        return 0
    for name in NAMES:
        path = folder / name
        try:
            if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
                print(f"{path} is not ours and stays; let it run `scripts/hooks.py {name}` too")
            elif not path.exists() or path.read_text(encoding="utf-8") != HOOK:
                folder.mkdir(exist_ok=True)
                path.write_text(HOOK, encoding="utf-8")
                path.chmod(0o755)
        except OSError as error:
            print(f"The git hook {name} was not installed: {error}")
    return 0


def _own_hooks_folder() -> Path | None:
    """Return this clone's hooks folder; None without a clone, or where the user configured a folder."""
    if not (ROOT / ".git").exists():
        return None
    try:
        if _git("config", "core.hooksPath").returncode == 0:
            print("core.hooksPath is set, so no git hook is installed; call scripts/hooks.py from yours")
            return None
        found = _git("rev-parse", "--git-path", "hooks")
    except FileNotFoundError:  # no git on this machine
        return None
    return ROOT / found.stdout.strip() if found.returncode == 0 else None


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("git", *arguments), cwd=ROOT, check=False, capture_output=True, text=True)


def check_staged_files() -> int:
    """Lint what is about to be committed, which may differ from what lies in the folder."""
    if not RUFF.exists():
        print("The commit was not linted: there is no .venv here, `make setup-dev` makes it")
        return 0
    with tempfile.TemporaryDirectory(prefix="muscope-commit-") as folder:
        # The whole index, because ruff tells our imports from foreign ones by the folders beside a file.
        subprocess.run(("git", "checkout-index", "--all", f"--prefix={folder}/"), cwd=ROOT, check=True)
        checks = (("check", "--no-cache", "."), ("format", "--no-cache", "--check", "--quiet", "."))
        codes = [subprocess.run((RUFF, *check), cwd=folder, check=False).returncode for check in checks]
    if any(codes):
        print(f"The commit is not linted or not formatted. {FORMAT}", file=sys.stderr)
    return max(codes)


def main(arguments: list[str]) -> int:
    """Install the hooks, or be one; returns the exit status."""
    match arguments:
        case ["install"]:
            return install()
        case ["pre-commit"]:
            return check_staged_files()
        case ["commit-msg", path]:
            command = (sys.executable, str(ROOT / "scripts" / "commit_rule.py"), "message", path)
            return subprocess.run(command, check=False).returncode
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
