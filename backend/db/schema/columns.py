"""Column types that give rows values of the domain: enums, scenarios, specs; stored as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, String, TypeDecorator

from muscope.backend.domain.spec.dataset import Frozen

M = TypeVar("M", bound=Frozen)
T = TypeVar("T", bound=str)
# About 3 kB each; experiments and datasets viewed at the same time.
MOST_KEPT = 256


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC on every database; SQLite forgets zones, so they are put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Word(TypeDecorator[T], Generic[T]):
    """A short text with a type of its own: an enum, or a `str` that checks itself.

    Values are read on the way in too, so that a misspelt state raises ValueError before it is stored.
    """

    impl = String
    cache_ok = True

    def __init__(self, kind: type[T], length: int) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else _text(self.kind(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> T | None:
        return None if value is None else self.kind(value)


def _text(value: str) -> str:
    return value.value if isinstance(value, StrEnum) else str.__str__(value)


class Document(TypeDecorator[M], Generic[M]):
    """An immutable pydantic model, kept as JSON; equal documents are validated once."""

    impl = JSON
    cache_ok = True

    def __init__(self, model: type[M]) -> None:
        super().__init__()
        self.model = model
        self._read = _reader(model)

    def process_bind_param(self, value: M | None, _dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else value.model_dump(mode="json")

    def process_result_value(self, value: dict[str, Any] | None, _dialect: Dialect) -> M | None:
        return None if value is None else self._read(json.dumps(value))


@cache
def _reader(model: type[M]) -> Callable[[str], M]:
    def read(text: str) -> M:
        return model.model_validate(json.loads(text))

    return lru_cache(maxsize=MOST_KEPT)(read)
