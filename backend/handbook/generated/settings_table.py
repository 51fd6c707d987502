"""The table of environment variables, from the one definition of the settings."""

from __future__ import annotations

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from muscope.backend.catalogue import text
from muscope.backend.settings import Settings

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"))


def settings_table(language: str) -> str:
    """Return a Markdown table: variable, default, meaning."""
    heads = [text(f"handbook.settings.{column}", language) for column in ("variable", "default", "meaning")]
    rows = [
        (f"`{variable(name, field)}`", _default(name, field, language), text(f"setting.{name}", language))
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [f"| {' | '.join(heads)} |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    )


def variable(name: str, field: FieldInfo) -> str:
    """Return the environment variable of a setting."""
    prefix = Settings.model_config.get("env_prefix", "")
    return str(field.validation_alias or f"{prefix}{name}".upper())


def _default(name: str, field: FieldInfo, language: str) -> str:
    value = field.default
    if value is PydanticUndefined:
        return text("handbook.settings.computed", language)
    if value is None:
        return text("handbook.settings.none", language)
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if name.endswith("_bytes"):
        size, unit = next((size, unit) for size, unit in _UNITS if value % size == 0)
        return f"{value // size} {unit}"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
