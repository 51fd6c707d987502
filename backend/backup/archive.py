"""File format of a backup: an uncompressed tar of the manifest and the files that it names, in its order."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from muscope.backend.backup.manifest import MANIFEST, MANIFEST_BYTES, Entry, Manifest
from muscope.backend.errors import InvalidInput
from muscope.backend.storage.private_files import FILE_MODE, new_private_file

_PIECE_BYTES = 1 << 20


def write_archive(path: Path, manifest: Manifest, folder: Path) -> None:
    """Write a new archive of the files of `folder`, flushed to the disk."""
    with os.fdopen(new_private_file(path), "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            text = manifest.model_dump_json(indent=1).encode()
            archive.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
            for entry in manifest.files:
                with (folder / entry.name).open("rb") as content:
                    archive.addfile(_member(entry.name, entry.num_bytes), content)
        file.flush()
        os.fsync(file.fileno())


class ReadArchive:
    """Archive that is being read, from the first member to the last."""

    def __init__(self, path: Path, archive: tarfile.TarFile) -> None:
        self._path = path
        self._archive = archive
        self.manifest = self._read_manifest()

    def copy_to(self, folder: Path | None) -> None:
        """Read every file and compare it with the manifest; keep them in `folder` if there is one.

        Raises InvalidInput naming the first file that is missing or not as the manifest says.
        """
        for entry in self.manifest.files:
            member = self._archive.next()
            if member is None or member.name != entry.name or member.size != entry.num_bytes:
                raise self._damaged(entry.name)
            content = self._archive.extractfile(member)
            if content is None:
                raise self._damaged(entry.name)
            if _copy(content, folder and folder / entry.name) != entry.sha256:
                raise self._damaged(entry.name)
        if self._archive.next() is not None:
            raise self._damaged(MANIFEST)

    def _read_manifest(self) -> Manifest:
        member = self._archive.next()
        if member is None or member.name != MANIFEST or member.size > MANIFEST_BYTES:
            raise InvalidInput("backup.not_a_backup", path=str(self._path))
        content = self._archive.extractfile(member)
        try:
            return Manifest.model_validate_json(content.read() if content else b"")
        except ValidationError as error:
            raise InvalidInput("backup.not_a_backup", path=str(self._path)) from error

    def _damaged(self, name: str) -> InvalidInput:
        return InvalidInput("backup.damaged", path=str(self._path), name=name)


@contextmanager
def open_archive(path: Path) -> Iterator[ReadArchive]:
    """Open a backup and read its manifest; raises InvalidInput for a file that is none, or is damaged."""
    try:
        with tarfile.open(path, mode="r:") as archive:
            yield ReadArchive(path, archive)
    except tarfile.TarError as error:
        raise InvalidInput("backup.not_a_backup", path=str(path)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput("backup.file_unreadable", path=str(path), reason=reason) from error


def entry_of(folder: Path, name: str) -> Entry:
    """Return the entry of a file below `folder`."""
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Entry(name=name, num_bytes=os.fstat(file.fileno()).st_size, sha256=digest)


def _member(name: str, num_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = num_bytes, FILE_MODE
    return member


def _copy(content: IO[bytes], target: Path | None) -> str:
    """Return the sha256 of a stream, kept in the new file `target` if there is one."""
    digest = hashlib.sha256()
    kept = None if target is None else _new_file(target)
    try:
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
            if kept is not None:
                kept.write(piece)
        if kept is not None:
            kept.flush()
            os.fsync(kept.fileno())
    finally:
        if kept is not None:
            kept.close()
    return digest.hexdigest()


def _new_file(path: Path) -> IO[bytes]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(new_private_file(path), "wb")
