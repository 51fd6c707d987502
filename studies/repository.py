"""Root of the repository, and a digest of the sources that decide a result."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def digest_of(sources: Sequence[str]) -> str:
    """Hash the files that these globs, relative to the root, name; returns 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for pattern in sources:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
