"""An XLSX file as an archive: bounds on its size, the part of each sheet, and a copy without stray cells.

Parts are found by their relationships, as ECMA-376 part 2 says; names of folders are a custom only.
"""

from __future__ import annotations

import posixpath
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.foreign import ZIP_ERRORS
from muscope.backend.ingest.sheets.sheet_scan import SheetScan, parse, place_of, scan_sheet

MAX_UNPACKED_BYTES = 2 << 30
_MAX_RATIO = 400  # a sheet of equal cells packs to a hundredth; what only fills memory, to a thousandth
_UNSUSPECTED_BYTES = 64 << 20
_MAX_MEMBERS = 10_000
_MAX_INDEX_BYTES = 16 << 20  # of the list of sheets and of their places
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """Open archive of a workbook, its members by normalised name, and the member of each sheet."""

    archive: zipfile.ZipFile
    members: dict[str, str]
    sheets: dict[str, str]

    def scan(self, sheet: str) -> SheetScan:
        """Return the content of a worksheet by its name."""
        if sheet not in self.sheets:
            raise InvalidInput("dataset.workbook_damaged")
        with _reading(), self.archive.open(self.sheets[sheet]) as part:
            return scan_sheet(part)


@contextmanager
def open_package(source: Path) -> Iterator[Package]:
    """Open the workbook at `source`.

    Raises `dataset.workbook_damaged`, and `dataset.workbook_too_large` for what would unpack to more than
    `MAX_UNPACKED_BYTES` or is packed as no workbook is.
    """
    with _reading():
        archive = zipfile.ZipFile(source)
    with archive:
        _check_sizes(archive, source.stat().st_size)
        with _reading():
            members = {_normal(name): name for name in archive.namelist()}
            package = Package(archive, members, _sheet_members(archive, members))
            _read_through(package)
        yield package


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (*ZIP_ERRORS, ET.ParseError, RecursionError) as error:
        raise InvalidInput("dataset.workbook_damaged") from error


def _check_sizes(archive: zipfile.ZipFile, packed: int) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    is_bomb = total > _UNSUSPECTED_BYTES and total > _MAX_RATIO * packed
    if is_bomb or total > MAX_UNPACKED_BYTES or len(members) > _MAX_MEMBERS:
        raise TooLarge("dataset.workbook_too_large", size_mib=total >> 20, limit_mib=MAX_UNPACKED_BYTES >> 20)
    if any(member.flag_bits & 1 for member in members):
        raise InvalidInput("dataset.is_encrypted", kind="Excel (.xlsx)")


def _read_through(package: Package) -> None:
    """Unpack what the library will unpack unseen: a member longer than its entry says fails here."""
    sheets = set(package.sheets.values())
    for name in package.archive.namelist():
        if name.lower().endswith((".xml", ".rels")) and name not in sheets:
            with package.archive.open(name) as part:
                while part.read(_PIECE_BYTES):
                    pass


def _sheet_members(archive: zipfile.ZipFile, members: dict[str, str]) -> dict[str, str]:
    """Return the member that holds each sheet, by the sheet's name."""
    workbook = next(
        (
            target
            for _, kind, target in _relationships(archive, members, "")
            if kind.endswith("/officeDocument")
        ),
        "xl/workbook.xml",
    )
    targets = {identity: target for identity, _, target in _relationships(archive, members, workbook)}
    sheets = {}
    for element in _xml(archive, members[workbook]).iter():
        if _local(element.tag) == "sheet":
            attributes = {_local(name): value for name, value in element.attrib.items()}
            member = members.get(targets.get(attributes.get("id", ""), ""))
            if member is not None:
                sheets[attributes["name"]] = member
    return sheets


def _relationships(
    archive: zipfile.ZipFile, members: dict[str, str], part: str
) -> Iterator[tuple[str, str, str]]:
    """Yield identity, type and normalised target of the relationships of a part; "" is the whole package."""
    folder, name = posixpath.split(part)
    listing = members.get(posixpath.join(folder, "_rels", f"{name}.rels"))
    if listing is None:
        return
    for element in _xml(archive, listing):
        target = element.get("Target", "").replace("\\", "/")
        yield element.get("Id", ""), element.get("Type", ""), _normal(posixpath.join("/", folder, target))


def _xml(archive: zipfile.ZipFile, name: str) -> ET.Element:
    if archive.getinfo(name).file_size > _MAX_INDEX_BYTES:
        raise InvalidInput("dataset.workbook_damaged")
    return ET.fromstring(archive.read(name))


def _normal(name: str) -> str:
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def without_strays(package: Package, sheet: str, rows: range, columns: range) -> IO[bytes]:
    """Return a copy of the workbook in a temporary file, in which `sheet` ends with `rows` and `columns`.

    The cells are cut out of the XML as it stands, so that the library reads all others as before.
    """
    member = package.sheets[sheet]
    others = set(package.sheets.values()) - {member}
    with package.archive.open(member) as part:
        cuts = _Cuts(rows, columns)
        parse(part, cuts.connect)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it for as long as it lives
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in package.archive.namelist():
            if name not in others:
                content = package.archive.read(name)
                archive.writestr(name, cuts.applied_to(content) if name == member else content)
    copy.seek(0)
    return copy


class _Cuts:
    """Places of the bytes of the cells that do not belong to the table."""

    def __init__(self, rows: range, columns: range) -> None:
        self._rows, self._columns = rows, columns
        self._start = -1
        self._cuts: list[tuple[int, int]] = []

    def connect(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end

    def applied_to(self, content: bytes) -> bytes:
        """Return the XML without those cells."""
        kept, place = [], 0
        for start, end in self._cuts:
            kept.append(content[place:start])
            place = end
        return b"".join([*kept, content[place:]])

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] != "c":
            return
        self._close()
        if "r" in attributes:  # a cell without a place follows its neighbour, and is no stray
            row, column = place_of(attributes["r"])
            if row not in self._rows or column not in self._columns:
                self._start = self._parser.CurrentByteIndex

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "row":
            self._close()

    def _close(self) -> None:
        if self._start >= 0:
            self._cuts.append((self._start, self._parser.CurrentByteIndex))
            self._start = -1
