"""Git hooks in real repositories: what they refuse, what they let pass, and where they are not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = "worker: Split the networks by family\n\nOne file held three families before this.\n"


class Clone:
    """A repository with the scripts of this one and a .venv that leads to ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What a user has configured must not decide: neither a hooks folder nor signing.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for name in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{name}_NAME"] = "A. Person"
            self.environment[f"GIT_{name}_EMAIL"] = "a@example.org"
        (folder / "scripts").mkdir(parents=True)
        for name in ("hooks.py", "commit_rule.py"):
            shutil.copy(ROOT / "scripts" / name, folder / "scripts")
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / ".gitignore").write_text(".venv\n")
        self.link_venv(folder)

    @staticmethod
    def link_venv(folder):
        (folder / ".venv" / "bin").mkdir(parents=True)
        for name in ("python", "ruff"):
            (folder / ".venv" / "bin" / name).symlink_to(Path(sys.executable).parent / name)

    def run(self, *command, folder=None):
        return subprocess.run(
            command,
            cwd=folder or self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )

    def git(self, *arguments, folder=None):
        done = self.run("git", *arguments, folder=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self):
        done = self.run(sys.executable, "scripts/hooks.py", "install")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message, *, folder=None):
        self.git("add", "--all", folder=folder)
        return self.run("git", "commit", "--allow-empty", "-m", message, folder=folder)


@pytest.fixture
def clone(tmp_path):
    clone = Clone(tmp_path / "clone")
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.install()
    assert clone.commit(GOOD).returncode == 0
    return clone


def test_a_bad_message_is_refused_with_what_to_do_and_stays_on_disk(clone):
    refused = clone.commit("Say what it is")

    assert refused.returncode != 0
    assert "names no area" in refused.stderr
    assert "Example:   worker: Split the networks by family" in refused.stderr
    assert (clone.folder / ".git/COMMIT_EDITMSG").read_text().startswith("Say what it is")


def test_merges_and_what_a_rebase_folds_away_keep_the_message_of_git(clone):
    clone.git("switch", "--quiet", "--create", "other")
    assert clone.commit(GOOD).returncode == 0
    assert clone.run("git", "commit", "--allow-empty", "--fixup=HEAD").returncode == 0
    clone.git("switch", "--quiet", "main")

    clone.git("merge", "--no-ff", "--no-edit", "other")

    assert clone.git("log", "-1", "--format=%s") == "Merge branch 'other'\n"


def test_what_is_staged_is_linted_and_not_what_lies_in_the_folder(clone):
    file = clone.folder / "worker.py"
    file.write_text("import os\n")
    clone.git("add", "worker.py")
    file.write_text("answer = 42\n")

    refused = clone.run("git", "commit", "-m", GOOD)

    assert refused.returncode != 0
    assert "`os` imported but unused" in refused.stderr
    assert "make format" in refused.stderr
    assert clone.commit(GOOD).returncode == 0


def test_unformatted_code_is_refused(clone):
    (clone.folder / "worker.py").write_text("answer  =  42\n")

    assert clone.commit(GOOD).returncode != 0


def test_a_worktree_uses_the_same_hooks_with_or_without_an_environment_of_its_own(clone, tmp_path):
    worktree = tmp_path / "worktree"
    clone.git("worktree", "add", "--quiet", str(worktree))

    assert clone.commit("Say what it is", folder=worktree).returncode != 0
    assert "was not linted" in (unlinted := clone.commit(GOOD, folder=worktree)).stderr
    assert unlinted.returncode == 0

    Clone.link_venv(worktree)
    (worktree / "worker.py").write_text("import os\n")

    assert clone.commit(GOOD, folder=worktree).returncode != 0


def test_a_commit_from_before_the_hooks_can_still_be_worked_on(clone):
    shutil.rmtree(clone.folder / "scripts")

    assert clone.commit("Anything at all").returncode == 0


def test_the_hook_of_someone_else_stays(clone):
    hook = clone.folder / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nexit 0\n")

    assert "is not ours and stays" in clone.install()
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_hooks_folder_that_the_user_configured_is_left_alone(clone, tmp_path):
    (tmp_path / "mine").mkdir()
    clone.git("config", "core.hooksPath", str(tmp_path / "mine"))

    assert "core.hooksPath is set" in clone.install()
    assert list((tmp_path / "mine").iterdir()) == []


def test_without_a_repository_or_a_place_for_hooks_installing_does_no_harm(tmp_path):
    clone = Clone(tmp_path / "copy")

    assert clone.install() == ""

    clone.git("init", "--quiet", "--template=")
    (clone.folder / ".git/hooks").write_text("a file where the folder belongs\n")

    assert "was not installed" in clone.install()
