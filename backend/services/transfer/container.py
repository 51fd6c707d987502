"""Format of the file: a ZIP with a manifest, the rows, and on wish the data; every part by its checksum.

Parts have fixed names and are read by these, so nothing in the file says where anything is written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal

from pydantic import Field, ValidationError

from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Profile
from muscope.backend.errors import InvalidInput, TooLarge

PartName = Literal["rows.json", "arrays", "source"]
MANIFEST: Final = "manifest.json"
ROWS: Final = "rows.json"
ARRAYS: Final = "arrays"
SOURCE: Final = "source"
# Uncompressed bytes that a part may have; the data besides have the limit of uploads.
MOST_MANIFEST, MOST_ROWS = 16 << 20, 2 << 30
_PIECE = 1 << 20
# Equal experiments give equal files, so no part has a time of its own.
_TIME = (1980, 1, 1, 0, 0, 0)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Part(Frozen):
    """Part of the file with the checksum of its content."""

    name: PartName
    num_bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class DatasetFacts(Frozen):
    """Dataset that the experiment was measured on."""

    name: str = Field(min_length=1, max_length=255)
    example: str | None = None
    arrays_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    shape: DatasetShape
    profile: Profile


class ArchiveManifest(Frozen):
    """Contents of the file, and the fingerprint by which the copy is compared with the original."""

    format: Literal["muscope-experiment"] = "muscope-experiment"
    version: Literal[1] = 1
    product: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=255)
    spec_sha256: str
    export_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    dataset: DatasetFacts
    parts: tuple[Part, ...] = Field(min_length=1, max_length=3)

    def part(self, name: str) -> Part | None:
        """Return a part; None where the file lacks it."""
        return next((part for part in self.parts if part.name == name), None)


def part_of(name: PartName, path: Path) -> Part:
    """Return the description of a file as a part."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(name=name, num_bytes=path.stat().st_size, sha256=digest)


def write_container(target: Path, manifest: ArchiveManifest, files: Mapping[str, Path]) -> None:
    """Write the file with its parts, in the order of the manifest."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        archive.writestr(_entry(MANIFEST), manifest.model_dump_json(indent=1))
        for part in manifest.parts:
            with (
                files[part.name].open("rb") as content,
                archive.open(_entry(part.name), "w", force_zip64=True) as out,
            ):
                shutil.copyfileobj(content, out, _PIECE)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class Container:
    """File that is being read; every part is compared with the manifest before it is used."""

    def __init__(self, archive: zipfile.ZipFile, limit_bytes: int) -> None:
        self._archive = archive
        self._limit = limit_bytes
        self.manifest = self._read_manifest()

    def rows(self, folder: Path) -> dict[str, list[dict[str, Any]]]:
        """Return the rows; raises InvalidInput for a part that is missing, damaged or no JSON."""
        path = self.extract(ROWS, folder)
        try:
            rows = json.loads(path.read_bytes())
        except ValueError as error:
            raise _damaged(ROWS) from error
        if not isinstance(rows, dict):
            raise _damaged(ROWS)
        return rows

    def extract(self, name: str, folder: Path) -> Path:
        """Write a part to a file of its own name in `folder`, and return the path.

        Raises InvalidInput where it is missing or not as the manifest says, TooLarge above the limits.
        """
        part = self.manifest.part(name)
        if part is None:
            raise _damaged(name)
        limit = MOST_ROWS if name == ROWS else self._limit
        if part.num_bytes > limit:
            raise TooLarge("archive.part_too_large", part=name, given=part.num_bytes, limit=limit)
        digest, received = hashlib.sha256(), 0
        target = folder / name
        with reading(name), self._open(name) as content, target.open("wb") as out:
            while block := content.read(_PIECE):
                received += len(block)
                if received > part.num_bytes:
                    raise _damaged(name)
                digest.update(block)
                out.write(block)
        if received != part.num_bytes or digest.hexdigest() != part.sha256:
            raise _damaged(name)
        return target

    def _read_manifest(self) -> ArchiveManifest:
        names = self._archive.namelist()
        with reading(MANIFEST), self._open(MANIFEST) as content:
            text = content.read(MOST_MANIFEST + 1)
        if len(text) > MOST_MANIFEST:
            raise TooLarge("archive.part_too_large", part=MANIFEST, given=len(text), limit=MOST_MANIFEST)
        try:
            manifest = ArchiveManifest.model_validate_json(text)
        except ValidationError as error:
            raise _damaged(MANIFEST) from error
        if sorted(names) != sorted([MANIFEST, *(part.name for part in manifest.parts)]):
            raise InvalidInput("archive.other_files", names=", ".join(map(repr, names[:5]))[:200])
        return manifest

    def _open(self, name: str) -> IO[bytes]:
        try:
            return self._archive.open(name)
        except KeyError as error:
            raise _damaged(name) from error


@contextmanager
def open_container(path: Path, limit_bytes: int) -> Iterator[Container]:
    """Open a file; raises InvalidInput for one that is no such archive, TooLarge above the limits."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise InvalidInput("archive.no_archive") from error
    with archive:
        yield Container(archive, limit_bytes)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what a damaged ZIP raises into InvalidInput."""
    try:
        yield
    except _BROKEN as error:
        raise _damaged(name) from error


def _damaged(name: str) -> InvalidInput:
    return InvalidInput("archive.damaged", part=name)
