"""A ZIP as its members, checked before anything is unpacked; no file is written under a member's name."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.containers.limits import Budget, refuse_bomb
from muscope.backend.ingest.containers.member_names import decoded_names, is_system_file, path_parts
from muscope.backend.ingest.foreign import ZIP_ERRORS
from muscope.backend.ingest.wording import listed, shown

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 48 << 20  # read as a whole by the standard library, before it counts
_PIECE_BYTES = 1 << 20
_LOCAL_HEADER_BYTES = 30
_IS_ENCRYPTED = 0x1
_IN_ZIP64 = 0xFFFFFFFF
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA may ask for any memory
_METHOD_NAMES = {9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}


@dataclass(frozen=True)
class Member:
    """File of a ZIP: its folders and its name, decoded."""

    parts: tuple[str, ...]
    info: zipfile.ZipInfo

    @cached_property
    def name(self) -> str:
        """Return folders and name, joined by slashes."""
        return "/".join(self.parts)

    @cached_property
    def ending(self) -> str:
        """Return the ending in small letters with its dot, empty for none."""
        return Path(self.parts[-1]).suffix.lower()

    @property
    def num_bytes(self) -> int:
        """Return the unpacked size that the archive announces; never more than that is read."""
        return self.info.file_size


class Archive:
    """Open ZIP: members in the order of the file, without folders, links and files of the system.

    Raises InvalidInput or TooLarge for an archive that is damaged, encrypted, packed in a way not read here,
    or built to do harm.

    Attributes:
        notes: said to the owner about its names and links.
    """

    def __init__(self, path: Path) -> None:
        _refuse_large_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except ZIP_ERRORS as error:
            raise InvalidInput("dataset.archive_damaged") from error
        try:
            self.members, self.notes = _members(self._zip.infolist(), path.stat().st_size)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def open(self, member: Member) -> IO[bytes]:
        """Return the member as a file; reading it may raise any of `ZIP_ERRORS`."""
        return self._zip.open(member.info)

    def pieces(self, member: Member) -> Iterator[bytes]:
        """Yield the content of a member; raises InvalidInput where it is damaged."""
        num_bytes = 0
        try:
            with self.open(member) as file:
                while piece := file.read(_PIECE_BYTES):
                    num_bytes += len(piece)
                    refuse_bomb(num_bytes, member.info.compress_size)
                    yield piece
        except ZIP_ERRORS as error:
            raise InvalidInput("dataset.archive_member_damaged", name=shown(member.name)) from error

    def head(self, member: Member) -> bytes:
        """Return the first bytes of a member, up to one piece."""
        return next(self.pieces(member), b"")

    def read(self, member: Member) -> bytes:
        """Return the content of a member, which the caller knows to be small."""
        return b"".join(self.pieces(member))

    def copy(self, member: Member, target: Path, budget: Budget) -> None:
        """Write the content of a member to `target`."""
        with target.open("wb") as file:
            for piece in self.pieces(member):
                budget.take(len(piece))
                file.write(piece)


def is_zip(path: Path) -> bool:
    """Say whether the first bytes are those of a ZIP."""
    with path.open("rb") as file:
        return file.read(4) in MAGICS


def _members(infos: list[zipfile.ZipInfo], num_bytes: int) -> tuple[list[Member], tuple[DataWarning, ...]]:
    if len(infos) > MAX_MEMBERS:
        raise TooLarge("dataset.archive_members", count=len(infos), limit=MAX_MEMBERS)
    _refuse_overlaps(infos, num_bytes)
    names, is_cp932 = decoded_names(infos)
    members, links = [], []
    for name, info in zip(names, infos, strict=True):
        parts = path_parts(name)
        if not parts or is_system_file(parts) or name.endswith(("/", "\\")):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            links.append(name)
            continue
        _refuse_unreadable(info, name)
        members.append(Member(parts, info))
    return members, (*_notes(members, links, is_cp932=is_cp932),)


def _notes(members: list[Member], links: list[str], *, is_cp932: bool) -> Iterator[DataWarning]:
    if links:
        params: dict[str, str | int | float] = {"count": len(links), "names": listed(links, 3)}
        yield DataWarning(code="dataset.archive_links", params=params)
    foreign = next((member.name for member in members if not member.name.isascii()), None)
    if is_cp932 and foreign is not None:
        yield DataWarning(code="dataset.archive_names_guessed", params={"name": shown(foreign)})


def _refuse_unreadable(info: zipfile.ZipInfo, name: str) -> None:
    if info.flag_bits & _IS_ENCRYPTED:
        raise InvalidInput("dataset.archive_encrypted", name=shown(name))
    if info.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(info.compress_type, str(info.compress_type))
        raise InvalidInput("dataset.archive_method", name=shown(name), method=method)


def _refuse_overlaps(infos: list[zipfile.ZipInfo], num_bytes: int) -> None:
    """Raise where members share packed bytes, which unpack to far more than their file could hold."""
    spans = sorted((info.header_offset, _LOCAL_HEADER_BYTES + info.compress_size) for info in infos)
    is_overlapping = any(start + size > following for (start, size), (following, _) in pairwise(spans))
    if is_overlapping or (spans and sum(spans[-1]) > num_bytes):
        raise InvalidInput("dataset.archive_damaged")


def _refuse_large_directory(path: Path) -> None:
    """Raise by the end of the file where the list of members alone would take too much memory."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 200))
        tail = file.read()
    sizes = []
    if (place := tail.rfind(b"PK\x05\x06")) >= 0 and len(tail) >= place + 16:
        sizes.append(int.from_bytes(tail[place + 12 : place + 16], "little"))
    if (place := tail.rfind(b"PK\x06\x06")) >= 0 and len(tail) >= place + 48:
        sizes.append(int.from_bytes(tail[place + 40 : place + 48], "little"))
    for size in sizes:
        if size > MAX_DIRECTORY_BYTES and size != _IN_ZIP64:
            raise TooLarge("dataset.archive_members", count=size // 46, limit=MAX_MEMBERS)
