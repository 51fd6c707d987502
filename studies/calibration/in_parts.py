"""Parallel evaluation of numbered cases in parts of 50, each part kept on disk."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from studies.repository import digest_of

_CASES_PER_PART = 50

Content = dict[str, Any]


def in_parts(
    of_case: Callable[[int], Content],
    num_cases: int,
    folder: Path,
    sources: Sequence[str],
    *,
    processes: int,
    report: Callable[[str], None],
) -> list[Content]:
    """Return what `of_case` gives for 0..num_cases-1 as JSON knows it.

    Args:
        sources: globs of the files that decide what a case comes to; when one changes, parts are made anew.
    """
    folder = folder / digest_of(sources)
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, num_cases, _CASES_PER_PART)
    missing = [start for start in starts if not _path(folder, start).is_file()]
    report(f"{folder.parent.name}: {len(starts) - len(missing)} of {len(starts)} parts were there already")
    if missing:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            for start, contents in pool.imap_unordered(partial(_part, of_case), missing):
                draft = _path(folder, start).with_suffix(f".{os.getpid()}.draft")
                draft.write_text(json.dumps(contents), encoding="utf-8")
                draft.replace(_path(folder, start))
    kept = [one for start in starts for one in json.loads(_path(folder, start).read_text(encoding="utf-8"))]
    return kept[:num_cases]


def _part(of_case: Callable[[int], Content], start: int) -> tuple[int, list[Content]]:
    return start, [of_case(index) for index in range(start, start + _CASES_PER_PART)]


def _path(folder: Path, start: int) -> Path:
    return folder / f"{start:05d}.json"
