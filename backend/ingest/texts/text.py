"""A text as windows of tokens, each with those that follow: bytes, or pairs of them where asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import (
    DatasetShape,
    DataWarning,
    Decision,
    Profile,
    Task,
    TextProfile,
)
from muscope.backend.errors import InvalidInput, Param
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.delimited.dialect import DELIMITERS
from muscope.backend.ingest.delimited.encoding import TextFile, examine
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from muscope.backend.ingest.texts.byte_pairs import BytePairs
from muscope.backend.ingest.wording import delimiter_name

WINDOW_BYTES = 64
VOCABULARY = 256
MIN_TEXT_BYTES = 2048  # 31 windows, three of them for validation
# Bytes of a text that are used: an experiment of minutes sees fewer, and a worker holds 16 bytes for each.
MAX_TEXT_BYTES = 16 << 20
GUESSED = IngestOptions()
_MAX_STRETCHES = 10
_WINDOWS_PER_STRETCH = 100
_READ_CHARACTERS = 1 << 20
_LOOKED_AT = 8192  # bytes that show whether a text may be a table
_TABLE_LINES = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """Pieces of text that train and pieces that validate; no window spans two pieces."""

    train: Sequence[bytes]
    val: Sequence[bytes]


def prepare_text(source: Path, options: IngestOptions = GUESSED) -> Prepared:
    """Return the text at `source` as windows, or say why it cannot be used."""
    read = read_text(source, options)
    refuse_unusable(read.content)
    warnings = _warnings(read.content, is_cut=read.is_cut)
    decision = read.file.decision(is_given=options.encoding is not None)
    parts = split_text(read.content)
    vocabulary = options.vocabulary
    return windows_of(
        parts,
        encoding=read.encoding,
        warnings=warnings,
        decisions=(decision, vocabulary_decision(vocabulary)),
        vocabulary=vocabulary,
    )


class ReadText(NamedTuple):
    """Text in UTF-8 with Unix line ends, at most the first `MAX_TEXT_BYTES`, and the file it is from."""

    content: bytes
    file: TextFile
    is_cut: bool

    @property
    def encoding(self) -> str:
        """Return the name of the encoding in the file."""
        return self.file.name


def read_text(source: Path, options: IngestOptions = GUESSED) -> ReadText:
    """Return the text at `source`; raises InvalidInput or UnsupportedMedia where it is none."""
    file = examine(source, options.encoding)
    content, is_cut = _utf8(file)
    return ReadText(content, file, is_cut)


def refuse_unusable(text: bytes) -> None:
    """Raise where a text is blank, too short, or one byte again and again."""
    if not text.strip():
        raise InvalidInput("dataset.blank_text")
    if len(text) < MIN_TEXT_BYTES:
        raise InvalidInput("dataset.text_too_short", count=len(text), minimum=MIN_TEXT_BYTES)
    if len(set(text)) == 1:
        raise InvalidInput("dataset.constant_text", byte=text[0])


def split_text(text: bytes) -> Parts:
    """Return the text in stretches, the last tenth of each for validation.

    Several stretches, so that both parts hold the beginning as well as the end of what may change on the way.
    """
    num_windows = (len(text) - 1) // WINDOW_BYTES
    num_stretches = min(_MAX_STRETCHES, max(1, num_windows // _WINDOWS_PER_STRETCH))
    ends = [len(text) * place // num_stretches for place in range(num_stretches + 1)]
    train, val = [], []
    for start, end in pairwise(ends):
        border = end - max((end - start) // 10, WINDOW_BYTES + 1)
        train.append(text[start:border])
        val.append(text[border:end])
    return Parts(train, val)


def windows_of(
    parts: Parts,
    *,
    num_files: int = 1,
    encoding: str | None = None,
    warnings: Sequence[DataWarning] = (),
    notes: Sequence[DataWarning] = (),
    decisions: Sequence[Decision] = (),
    vocabulary: int | None = None,
) -> Prepared:
    """Return x [n, 64] and y [n, 64], the token after each, for both parts.

    Training windows are mixed by their content, so that the first ones, too, are of the whole text.

    Args:
        vocabulary: how many tokens a vocabulary trained on the training part may have; None: bytes.
    """
    is_paired = vocabulary is not None and vocabulary > VOCABULARY
    pairs = BytePairs.of(parts.train, vocabulary) if vocabulary and is_paired else None
    tokens = _numbers(parts, pairs)
    (x_train, y_train), (x_val, y_val) = (_windows(part) for part in tokens)
    seed = int(hashlib.sha256(x_train.tobytes()).hexdigest()[:32], 16)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(x_train))
    arrays = {"x_train": x_train[order], "x_val": x_val, "y_train": y_train[order], "y_val": y_val}
    shape = DatasetShape(
        task=Task.LANGUAGE_MODELLING,
        num_features=WINDOW_BYTES,
        num_outputs=len(pairs.tokens) if pairs else VOCABULARY,
        num_train=len(x_train),
        num_val=len(x_val),
    )
    profile = Profile(
        num_rows=len(x_train) + len(x_val),
        encoding=encoding,
        text=_amount(parts, tokens[1] if pairs else None, num_files),
        warnings=tuple(warnings),
        notes=tuple(notes),
        decisions=tuple(decisions),
    )
    meta: dict[str, Any] = {"shape": shape.in_file()}
    if pairs:
        meta["tokens"] = [token.decode("latin-1") for token in pairs.tokens]
    return Prepared(arrays, meta, Manifest(shape=shape, profile=profile))


Tokens = tuple[list[Array], list[Array]]


def _numbers(parts: Parts, pairs: BytePairs | None) -> Tokens:
    """Return the pieces that train and those that validate as numbers; refuse too few for a window."""
    if pairs is None:
        train, val = ([np.frombuffer(piece, np.uint8) for piece in part] for part in (parts.train, parts.val))
        return train, val
    train, val = ([pairs.numbers(piece) for piece in part] for part in (parts.train, parts.val))
    if any(max((len(piece) for piece in part), default=0) <= WINDOW_BYTES for part in (train, val)):
        raise InvalidInput("dataset.too_few_tokens", minimum=WINDOW_BYTES + 1, given=len(pairs.tokens))
    return train, val


def _amount(parts: Parts, val_tokens: Sequence[Array] | None, num_files: int) -> TextProfile:
    """Return how much text there is, and the mean length of the tokens that validate, unless bytes."""
    length = sum(map(len, parts.val)) / sum(map(len, val_tokens)) if val_tokens else None
    num_bytes = sum(map(len, (*parts.train, *parts.val)))
    return TextProfile(num_bytes=num_bytes, num_files=num_files, bytes_per_token=length)


def vocabulary_decision(given: int | None) -> Decision:
    """Return what the tokens are, and what they may be instead."""
    return Decision(
        option="vocabulary",
        value=str(given or VOCABULARY),
        is_guessed=given is None,
        choices=("256", "1024", "4096"),
    )


def _warnings(text: bytes, *, is_cut: bool) -> list[DataWarning]:
    warnings = []
    if is_cut:
        params: dict[str, Param] = {"limit_mib": MAX_TEXT_BYTES >> 20}
        warnings.append(DataWarning(code="dataset.text_cut", params=params))
    delimiter = _delimiter_of(text[:_LOOKED_AT].decode("utf-8", errors="ignore").splitlines()[:-1])
    if delimiter is not None:
        params = {"delimiter": delimiter_name(delimiter)}
        warnings.append(DataWarning(code="dataset.text_looks_like_table", params=params))
    return warnings


def _delimiter_of(lines: Sequence[str]) -> str | None:
    """Return what would split every line into as many cells; prose does not fall into columns."""
    for delimiter in DELIMITERS:
        counts = {line.count(delimiter) for line in lines if line}
        if len(lines) >= _TABLE_LINES and len(counts) == 1 and 0 not in counts:
            return delimiter
    return None


def _windows(pieces: Sequence[Array]) -> tuple[Array, Array]:
    """Cut each piece into windows that do not overlap; what is left at its end is not used."""
    x, y = [], []
    for values in pieces:
        size = (len(values) - 1) // WINDOW_BYTES * WINDOW_BYTES
        if size > 0:
            x.append(values[:size].reshape(-1, WINDOW_BYTES))
            y.append(values[1 : size + 1].reshape(-1, WINDOW_BYTES))
    return np.concatenate(x), np.concatenate(y)


def _utf8(file: TextFile) -> tuple[bytes, bool]:
    """Return the text in UTF-8 with Unix line ends, up to the limit, and whether that cut it."""
    text = bytearray()
    with file.path.open(encoding=file.encoding) as characters:
        while piece := characters.read(_READ_CHARACTERS):
            text += piece.encode()
            if len(text) > MAX_TEXT_BYTES:
                return bytes(text[:MAX_TEXT_BYTES]), True
    return bytes(text), False
