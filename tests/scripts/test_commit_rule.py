"""Commit messages, good and bad; histories of real repositories, whole and shallow."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from scripts import commit_rule
from scripts.commit_rule import BASELINE_SECONDS, problems, without_comments

BODY = "One file held three families; a change of one rebuilt all of them."
GOOD = f"worker: Split the networks by family\n\n{BODY}\n"
BAD = "Keep what is said of it\n"


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        f"backend/stack: Bring the order of starting into one file\n\n{BODY}",
        f"docs: Focus the guide on what readers ask\n\n{BODY}\n\nCo-authored-by: A. Person <a@example.org>\n",
        f"ci: {'Run ' * 16}now\n\n{BODY}",
    ],
)
def test_a_subject_with_area_and_imperative_and_a_reason_is_good(message):
    assert problems(message) == []


@pytest.mark.parametrize(
    ("subject", "complaint"),
    [
        ("x", "names no area"),
        ("Split the networks by family", "names no area"),
        ("Worker: Split the networks by family", "names no area"),
        ("worker:Split the networks by family", "names no area"),
        ("worker: Split", "says too little"),
        ("worker: split the networks by family", "write `Split`"),
        ("worker: Added a family of networks", "no imperative"),
        ("worker: Adding a family of networks", "no imperative"),
        ("worker: Adds a family of networks", "no imperative"),
        ("worker: Split the networks by family.", "full stop"),
        (f"worker: Split {'a' * 60}", "2 characters too long"),
    ],
)
def test_each_fault_of_a_subject_is_named(subject, complaint):
    (found,) = problems(f"{subject}\n\n{BODY}")

    assert complaint in found


@pytest.mark.parametrize(
    "body", ["", "\n\n", "\nmore later", "\nSigned-off-by: A. Person with four words <a@example.org>\n"]
)
def test_a_body_without_a_reason_is_refused(body):
    (found,) = problems(f"worker: Split the networks by family\n{body}")

    assert "gives no reason" in found


def test_the_body_stands_apart_from_the_subject():
    (found,) = problems(f"worker: Split the networks by family\n{BODY}")

    assert "second line is not empty" in found


def test_what_git_leaves_out_of_a_message_is_not_judged():
    edited = f"{GOOD}# Please enter the commit message\n# ------------ >8 ------------\ndiff --git a b\n"

    assert without_comments(edited) == GOOD.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a function that commits a message at a time and returns the commit's id."""
    monkeypatch.setattr(commit_rule, "ROOT", tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A. Person")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")

    def commit(message, *, seconds=None, arguments=("commit", "--quiet", "--allow-empty")):
        when = f"{seconds or BASELINE_SECONDS + 60} +0000"
        git(tmp_path, *arguments, "-m", message, GIT_COMMITTER_DATE=when, GIT_AUTHOR_DATE=when)
        return git(tmp_path, "rev-parse", "HEAD").strip()

    return commit


def git(folder, *arguments, **variables):
    command = ("git", *arguments)
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def test_commits_after_the_baseline_are_judged_whatever_their_time(repository, monkeypatch, capsys):
    baseline = repository(BAD, seconds=BASELINE_SECONDS)
    monkeypatch.setattr(commit_rule, "BASELINE", baseline)
    repository(GOOD)

    assert commit_rule.check_history() == 0

    faulty = repository(BAD, seconds=BASELINE_SECONDS - 60)

    assert commit_rule.check_history() == 1
    said = capsys.readouterr()
    assert f"{faulty[:9]} Keep what is said of it\n  - the subject names no area" in said.err
    assert "Example:   worker: Split the networks by family" in said.err
    assert "2 checked, 1 to be rewritten" in said.out


def test_without_the_baseline_only_younger_commits_are_judged(repository):
    repository(BAD, seconds=BASELINE_SECONDS - 60)
    repository(GOOD)

    assert [commit.message for commit in commit_rule.history()] == [GOOD]

    repository(BAD)

    assert commit_rule.check_history() == 1


def test_merges_are_exempt_even_where_a_shallow_clone_hides_their_parents(
    repository, tmp_path, tmp_path_factory, monkeypatch
):
    repository(GOOD)
    git(tmp_path, "switch", "--quiet", "--create", "other")
    repository(GOOD)
    git(tmp_path, "switch", "--quiet", "main")
    repository("Bring the other side in", arguments=("merge", "--quiet", "--no-ff", "other"))
    shallow = tmp_path_factory.mktemp("shallow")
    git(tmp_path, "clone", "--quiet", "--depth=1", tmp_path.as_uri(), str(shallow))

    assert commit_rule.check_history() == 0

    monkeypatch.setattr(commit_rule, "ROOT", shallow)

    assert [commit.num_parents for commit in commit_rule.history()] == [2]
    assert commit_rule.check_history() == 0


def test_a_folder_without_history_has_nothing_to_check(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commit_rule, "ROOT", tmp_path)

    assert commit_rule.check_history() == 0
    assert "nothing to check" in capsys.readouterr().out


def test_the_time_of_the_baseline_is_past():
    assert time.time() > BASELINE_SECONDS


def test_a_call_that_is_not_understood_is_answered_with_the_usage(capsys):
    assert commit_rule.main(["messages"]) == 2
    assert "commit_rule.py message FILE" in capsys.readouterr().err
