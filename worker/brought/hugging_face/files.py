"""The two files of a Hugging Face model in a folder: `config.json`, and the rule `muscope.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from muscope.backend.domain.brought.rule import CONFIG_FILE, RULE_FILE
from muscope.backend.errors import InvalidInput, NotFound
from muscope.worker.brought.hugging_face.growth import Growth, growth_of

_MOST_BYTES = 1 << 20
_MOST_TEXT = 200
_FIELDS, _SIZES = "fields", ("widths", "depths")
_QUANTIZED = ("quantization_config", "compression_config")
_REMOTE = ("auto_map", "trust_remote_code")


class Rule(NamedTuple):
    """Content of a rule file: sizes by field, and the widths and depths that are looked at."""

    fields: dict[str, Growth]
    widths: tuple[int, ...] | None = None
    depths: tuple[int, ...] | None = None


def is_configuration(path: Path) -> bool:
    """Tell whether a folder holds a configuration; a package with one is a package."""
    return (path / CONFIG_FILE).is_file() and not (path / "__init__.py").is_file()


def read_config(folder: Path) -> dict[str, Any]:
    """Return the fields of `config.json`.

    Raises:
        NotFound: no such file.
        InvalidInput: it is no JSON object, or asks for code or numbers that runs cannot be made of.
    """
    config = _read(folder / CONFIG_FILE)
    for field in _REMOTE:
        if config.get(field):
            raise InvalidInput("brought.config_remote_code", field=field, given=_short(config[field]))
    for field in _QUANTIZED:
        if config.get(field):
            raise InvalidInput("brought.config_quantized", field=field, given=_short(config[field]))
    return config


def read_rule(folder: Path) -> Rule:
    """Return what `muscope.json` says, an empty rule where there is none; raises InvalidInput."""
    if not (folder / RULE_FILE).is_file():
        return Rule({})
    content = _read(folder / RULE_FILE)
    for key in content:
        if key not in (_FIELDS, *_SIZES):
            raise InvalidInput(
                "brought.rule_key", given=key[:_MOST_TEXT], known=", ".join((_FIELDS, *_SIZES))
            )
    fields = content.get(_FIELDS, {})
    if not isinstance(fields, Mapping):
        raise InvalidInput("brought.rule_expression", field=_FIELDS, given=_short(fields))
    widths, depths = (_sizes(name, content.get(name)) for name in _SIZES)
    return Rule({str(name): growth_of(str(name), given) for name, given in fields.items()}, widths, depths)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound("brought.no_file", path=str(path))
    if path.stat().st_size > _MOST_BYTES:
        raise InvalidInput("brought.config_unreadable", file=path.name, error=f"> {_MOST_BYTES} bytes")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        told = str(error)[:_MOST_TEXT]
        raise InvalidInput("brought.config_unreadable", file=path.name, error=told) from error
    if not isinstance(content, dict):
        raise InvalidInput("brought.config_unreadable", file=path.name, error=type(content).__name__)
    return content


def _sizes(name: str, given: Any) -> tuple[int, ...] | None:
    """Return a list of sizes in rising order; raises InvalidInput for anything else."""
    if given is None:
        return None
    are_sizes = isinstance(given, list) and given and all(type(size) is int and size > 0 for size in given)
    if not are_sizes or len(set(given)) != len(given):
        raise InvalidInput("brought.rule_sizes", key=name, given=_short(given))
    return tuple(sorted(given))


def _short(value: Any) -> str:
    return str(value)[:_MOST_TEXT]
