"""Models that the operator has put on this machine: where they are and which version. Runs none of them.

A model is a file `NAME.py`, a package or a folder with a Hugging Face configuration, in the folder of the
setting `models`, or an entry point of the group `muscope.models`. `NAME.recipe.json` beside it gives roles
that cannot be inferred.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from muscope.backend.domain.brought.rule import CONFIG_FILE, RULE_FILE
from muscope.backend.domain.spec.families.brought import NAME

GROUP = "muscope.models"
_NAME = re.compile(NAME)


class HeldModel(NamedTuple):
    """One model: its name, the hash of its source, and its file or installed module."""

    network: str
    sha256: str
    path: Path | None = None
    module: str | None = None
    recipe: Path | None = None


def held_models(folder: Path | None) -> tuple[HeldModel, ...]:
    """List the models of a folder and of the entry points, by name; the folder's come first."""
    found: dict[str, HeldModel] = {}
    for model in (*_in_folder(folder), *_installed()):
        if _NAME.match(model.network):
            found.setdefault(model.network, model)
    return tuple(found[name] for name in sorted(found))


def _in_folder(folder: Path | None) -> Iterator[HeldModel]:
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        is_package = path.is_dir() and ((path / "__init__.py").is_file() or (path / CONFIG_FILE).is_file())
        if is_package or (path.suffix == ".py" and path.name != "__init__.py"):
            name = path.name if path.is_dir() else path.stem
            recipe = path.with_name(f"{name}.recipe.json")
            known = recipe if recipe.is_file() else None
            yield HeldModel(name, _sha256(path, known), path=path.resolve(), recipe=known)


def _installed() -> Iterator[HeldModel]:
    for point in entry_points(group=GROUP):
        path = _source(point.value.partition(":")[0])
        if path is not None:
            yield HeldModel(point.name, _sha256(path, None), module=point.value.partition(":")[0])


def _source(module: str) -> Path | None:
    """Return the source of a module without running its package."""
    top, *below = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    if spec.submodule_search_locations is None:
        return Path(spec.origin)
    place = Path(next(iter(spec.submodule_search_locations))).joinpath(*below)
    return place if place.is_dir() else place.with_suffix(".py")


def _sha256(path: Path, recipe: Path | None) -> str:
    """Return the hash of the files that make a model, each with its name, and of the recipe."""
    digest = hashlib.sha256()
    for file in (*_sources(path), *([recipe] if recipe else [])):
        content = file.read_bytes()
        name = file.relative_to(path).as_posix() if path.is_dir() and file != recipe else file.name
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _sources(path: Path) -> list[Path]:
    """Return a file, all Python files of a package, or a configuration and its rule."""
    if not path.is_dir():
        return [path]
    is_configuration = (path / CONFIG_FILE).is_file() and not (path / "__init__.py").is_file()
    if is_configuration:
        return [path / name for name in (CONFIG_FILE, RULE_FILE) if (path / name).is_file()]
    return sorted(path.rglob("*.py"))
