"""Unpacks an upload down to what a reader takes: one file, an archive of arrays, of pictures or of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.containers import gzip_file, zip_file
from muscope.backend.ingest.containers.contents import Content, choices_of, contents_of, is_document
from muscope.backend.ingest.containers.limits import MAX_DEPTH, Budget
from muscope.backend.ingest.containers.zip_file import Archive, Member
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.wording import listed, shown

_HEAD_BYTES = 8
_NPY = b"\x93NUMPY"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Upload as a reader takes it.

    Attributes:
        path: the file, or the ZIP whose members are read.
        name: the file's own name, empty where it is not known.
        options: those that are left for the reader.
        prefix: of the reader's choices of `member`, where a member of an archive was chosen already.
        decisions, notes: of unpacking (`Profile`).
    """

    path: Path
    options: IngestOptions
    name: str = ""
    content: Content = "file"
    prefix: str = ""
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = field(default=())

    def noted(self, code: str, **params: str | int) -> Unpacked:
        """Return the same with one more note."""
        return replace(self, notes=(*self.notes, DataWarning(code=code, params={**params})))


def unpack(source: Path, scratch: Path, options: IngestOptions) -> Unpacked:
    """Return the upload without what it is packed in; what is written goes to the folder `scratch`.

    Raises InvalidInput or TooLarge for what is damaged or too large.
    """
    state = Unpacked(source, options)
    budget = Budget()
    for depth in range(MAX_DEPTH + 1):
        with state.path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        is_gzip = head.startswith(gzip_file.MAGIC)
        if not is_gzip and not head.startswith(zip_file.MAGICS):
            return replace(state, content="arrays") if head.startswith(_NPY) else state
        if depth == MAX_DEPTH and is_gzip:
            break
        step = _gunzip(state, scratch / str(depth), budget) if is_gzip else None
        step = step or _open_zip(state, scratch / str(depth), budget, may_unpack=depth < MAX_DEPTH)
        if step.path == state.path:
            return step
        state = step
    raise InvalidInput("dataset.archive_nested", limit=MAX_DEPTH)


def _gunzip(state: Unpacked, target: Path, budget: Budget) -> Unpacked:
    expanded = gzip_file.expand(state.path, target, budget)
    if not target.stat().st_size:
        raise InvalidInput("dataset.empty_file")
    name = expanded.name or state.name.removesuffix(".gz")
    state = replace(state, path=target, name=name).noted("dataset.unpacked", kind="gzip")
    if expanded.num_ignored:
        return state.noted("dataset.gzip_rest_ignored", count=expanded.num_ignored)
    return state


def _open_zip(state: Unpacked, target: Path, budget: Budget, *, may_unpack: bool) -> Unpacked:
    with Archive(state.path) as archive:
        if is_document(archive.members):
            return state
        contents = contents_of(archive.members, state.options)
        state = replace(state, content=contents.kind, notes=(*state.notes, *archive.notes))
        if contents.kind == "arrays":
            return state
        if contents.num_left:
            state = state.noted("dataset.archive_files_left", count=contents.num_left)
        if contents.kind != "file":
            return state
        if not may_unpack:
            raise InvalidInput("dataset.archive_nested", limit=MAX_DEPTH)
        member, state = _chosen(state, contents.members)
        archive.copy(member, target, budget)
    if not target.stat().st_size:
        raise InvalidInput("dataset.empty_file")
    return replace(state, path=target, name=member.parts[-1])


def _chosen(state: Unpacked, candidates: Sequence[Member]) -> tuple[Member, Unpacked]:
    """Return the member to read: the one asked for, else the largest; several are a question."""
    wanted = state.options.member
    by_name = {member.name: member for member in candidates}
    asked = wanted if wanted in by_name else _folder_of(wanted, by_name)
    if len(candidates) == 1:
        name = candidates[0].name
        state = state.noted("dataset.unpacked_member", name=shown(name))
    elif wanted is not None and asked is None:
        raise InvalidInput("dataset.unknown_member", name=shown(wanted), found=listed(list(by_name), 10))
    else:
        name = asked or candidates[0].name
        decision = Decision(
            option="member", value=name, is_guessed=asked is None, is_question=asked is None,
            choices=choices_of(candidates),
        )  # fmt: skip
        state = replace(state, decisions=(*state.decisions, decision), prefix=f"{name}/")
    if asked is not None and wanted is not None:
        rest = wanted.removeprefix(asked).removeprefix("/") or None
        state = replace(state, options=state.options.model_copy(update={"member": rest}))
    return by_name[name], state


def _folder_of(wanted: str | None, names: dict[str, Member]) -> str | None:
    """Return the member in which a part of it was asked for, as in `book.xlsx/Sheet 1`."""
    return next((name for name in names if wanted is not None and wanted.startswith(f"{name}/")), None)
