"""Rule for commit messages: `<area>: <Imperative ...>` of at most 72 characters, and a body with the reason.

    python scripts/commit_rule.py message FILE     # one message, as the commit-msg hook gives it
    python scripts/commit_rule.py history          # every commit since the rule began, as CI does

Standard library and git only. Merges are exempt: their message is written by git.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# The last commit before the rule. A clone that does not have it is judged by its time instead.
BASELINE = "145baee5a9474acc23c5acc27baebd0525863258"
BASELINE_SECONDS = 1795531326  # when it was committed, Unix time

SUBJECT_LENGTH = 72
FEWEST_BODY_WORDS = 4
_SUBJECT = re.compile(r"(?P<area>[a-z0-9][a-z0-9_./-]*): (?P<text>\S.*)")
_TRAILER = re.compile(r"[A-Z][A-Za-z-]+: \S")
_CUT = re.compile(r"^# -+ >8 -+$.*", re.MULTILINE | re.DOTALL)
_MADE_FOR_A_REBASE = ("fixup! ", "squash! ", "amend! ")
# "Added", "Adding", "Adds"; an imperative may still end in -eed, -ring, -ss, -us, -is or -as.
_NOT_IMPERATIVE = re.compile(r"[A-Z]\w+([^e]ed|[^r]ing|[^suia]s)")
_IMPERATIVES = {"Embed"}

HELP = """\
Expected:  <area>: <Imperative, at most 72 characters in all>
           (an empty line)
           the reason, in a few plain sentences
Example:   worker: Split the networks by family

           One file held three families; a change of one rebuilt all of them."""
WAY_OUT = "Rewrite a message with `git commit --amend`, or `git rebase -i` and `reword` for an older one."


class Commit(NamedTuple):
    """One commit of the history: its id, its number of parents, its time and its message."""

    id: str
    num_parents: int
    seconds: int
    message: str


def problems(message: str) -> list[str]:
    """Return what is wrong with a message, one sentence each; none for a good one."""
    subject, _, rest = message.strip("\n").partition("\n")
    found = _problems_of_subject(subject)
    if rest and not rest.startswith("\n"):
        found.append("the second line is not empty: put an empty line between subject and body")
    lines = [line for line in rest.splitlines() if not _TRAILER.match(line)]
    if sum(len(line.split()) for line in lines) < FEWEST_BODY_WORDS:
        found.append("the body gives no reason: say why the change is made")
    return found


def _problems_of_subject(subject: str) -> list[str]:
    found = []
    if len(subject) > SUBJECT_LENGTH:
        excess = len(subject) - SUBJECT_LENGTH
        found.append(f"the subject is {excess} characters too long: move details to the body")
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        found.append("the subject names no area: begin with what changes and a colon, as in `worker: `")
        return found
    words = match["text"].split()
    if len(words) < 2:
        found.append("the subject says too little: name the thing that changes too")
    if not words[0][0].isupper():
        found.append(f"`{words[0]}` begins with a small letter: write `{words[0].capitalize()}`")
    if _NOT_IMPERATIVE.fullmatch(words[0]) and words[0] not in _IMPERATIVES:
        found.append(f"`{words[0]}` is no imperative: write `Add`, not `Added`, `Adds` or `Adding`")
    if subject.endswith("."):
        found.append("the subject ends with a full stop: leave it out")
    return found


def without_comments(text: str) -> str:
    """Return a message as git will store it: without its comment lines and the diff of `commit --verbose`."""
    lines = _CUT.sub("", text).splitlines()
    return "\n".join(line.rstrip() for line in lines if not line.startswith("#")).strip("\n")


def history() -> Iterator[Commit]:
    """Yield the commits of HEAD that are younger than the rule; of a shallow clone, those that are there."""
    known = _git("cat-file", "-e", f"{BASELINE}^{{commit}}", check=False).returncode == 0
    ids = _git("rev-list", "HEAD", *([f"^{BASELINE}"] if known else [])).stdout
    for commit in _read_commits(ids):
        if known or commit.seconds > BASELINE_SECONDS:
            yield commit


def _read_commits(ids: bytes) -> Iterator[Commit]:
    """Yield commits from their raw objects, which name all parents even in a shallow clone."""
    objects = _git("cat-file", "--batch", stdin=ids).stdout
    while objects:
        header, _, objects = objects.partition(b"\n")
        name, _, size = header.decode().split()
        raw, objects = objects[: int(size)].decode("utf-8", "replace"), objects[int(size) + 1 :]
        head, _, message = raw.partition("\n\n")
        committer = next(line for line in head.splitlines() if line.startswith("committer "))
        num_parents = sum(line.startswith("parent ") for line in head.splitlines())
        yield Commit(name, num_parents, int(committer.split()[-2]), message)


def _git(*arguments: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    # CI may run as another user than the owner of the clone, which git refuses unless told otherwise.
    command = ("git", "-c", "safe.directory=*", *arguments)
    return subprocess.run(command, cwd=ROOT, input=stdin, check=check, capture_output=True)


def check_message(path: Path) -> int:
    """Judge the message in a file; a merge and what a rebase will fold away are exempt."""
    message = without_comments(path.read_text(encoding="utf-8", errors="replace"))
    is_merge = _git("rev-parse", "--quiet", "--verify", "MERGE_HEAD", check=False).returncode == 0
    # An empty message is git's own way of giving up the commit.
    if not message or is_merge or message.startswith(_MADE_FOR_A_REBASE):
        return 0
    found = problems(message)
    if found:
        print(f"The commit message breaks the rule of this repository:\n{_listed(found)}", file=sys.stderr)
        print(f"\n{HELP}\n\nYour message is kept in {path}.", file=sys.stderr)
    return 1 if found else 0


def check_history() -> int:
    """Judge every commit since the rule began."""
    if not (ROOT / ".git").exists():
        print("commit messages: no history here, nothing to check")
        return 0
    commits = [commit for commit in history() if commit.num_parents < 2]
    faulty = [(commit, found) for commit in commits if (found := problems(commit.message))]
    for commit, found in faulty:
        subject = commit.message.partition("\n")[0]
        print(f"{commit.id[:9]} {subject}\n{_listed(found)}", file=sys.stderr)
    if faulty:
        print(f"\n{HELP}\n\n{WAY_OUT}", file=sys.stderr)
    print(f"commit messages: {len(commits)} checked, {len(faulty)} to be rewritten")
    return 1 if faulty else 0


def _listed(found: list[str]) -> str:
    return "\n".join(f"  - {sentence}" for sentence in found)


def main(arguments: list[str]) -> int:
    """Check one message or the history; returns the exit status."""
    match arguments:
        case ["message", path]:
            return check_message(Path(path))
        case ["history"]:
            return check_history()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
