"""The other model families against their user loops, and the paper's conv net against its algorithm in JAX."""

from __future__ import annotations

from tests.benchmarks.report import RowResult


def families() -> RowResult:
    return RowResult("-", "-", False)


def authors() -> RowResult:
    return RowResult("-", "-", False)
