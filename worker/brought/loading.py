"""A user's file, package or configuration: its functions, found and called with clear errors.

    build(width) or build(width, depth) -> torch.nn.Module       needed
    batches(split, seed) -> iterable of batches                  needed to run the model
    loss(model, batch) -> scalar tensor                          else by the batch's second entry
    sizes = (64, 128, 256, 512)                                  widths that `build` takes
    depths = (2, 4)                                              depths, where `build` takes one
    optimizer(model, width, lr) -> torch.optim.Optimizer         of a model that is parametrized already
    scheduler(optimizer) -> a scheduler of torch
    pretrained(width) or pretrained(width, depth) -> dict        weights that adapters are trained on top of

Whatever the file raises, `SystemExit` included, becomes an InvalidInput that names the function and the size.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.domain.spec.families.brought_work import TextRange
from muscope.backend.errors import InvalidInput, NotFound
from muscope.worker.brought.default_loss import default_loss
from muscope.worker.brought.hugging_face.files import is_configuration
from muscope.worker.brought.hugging_face.model import load_configuration

_MODULE = "muscope_brought_model"
_MOST_TEXT = 300
DEFAULT_DEPTHS = (2,)
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class BroughtModel:
    """Functions of the user's file; calls of them raise InvalidInput only.

    Attributes:
        text: of a model that takes any text, whose `build` takes a vocabulary.
        rule: fields that grow or are replaced, of a Hugging Face configuration.
    """

    path: Path
    functions: dict[str, Callable[..., Any]]
    sizes: tuple[int, ...] | None = None
    depths: tuple[int, ...] = ()
    depth: int | None = None
    text: TextRange | None = None
    rule: tuple[RuleLine, ...] = ()

    @property
    def has_optimizer(self) -> bool:
        """Tell whether the file brings its own optimizer."""
        return "optimizer" in self.functions

    @property
    def has_weights(self) -> bool:
        """Tell whether the file gives weights, on top of which adapters are trained."""
        return "pretrained" in self.functions

    def at_depth(self, depth: int) -> BroughtModel:
        """Return the same file, whose models have `depth` from now on; its `build` must take one."""
        return replace(self, depth=depth) if self.depths else self

    def for_vocabulary(self, size: int) -> BroughtModel:
        """Return the same file, whose models read and write so many tokens; others stay as they are."""
        if self.text is None or self.text.vocabulary is not None:
            return self
        build = partial(self.functions["build"], vocabulary=size)
        return replace(self, functions=self.functions | {"build": build})

    def build(self, width: int, seed: int) -> nn.Module:
        """Return the model of a width, initialised from `seed`, in training mode on the CPU."""
        torch.manual_seed(seed)
        model = self.call("build", *self._arguments(width), size=width)
        if not isinstance(model, nn.Module):
            raise InvalidInput("brought.build_not_module", width=width, given=type(model).__name__)
        return model.train()

    def pretrained(self, width: int) -> Any:
        """Return the weights by name that the file gives for a width."""
        return self.call("pretrained", *self._arguments(width), size=width)

    def _arguments(self, width: int) -> tuple[int, ...]:
        return (width,) if not self.depths else (width, self.depth or self.depths[0])

    def batch(self, seed: int) -> Any:
        """Return the first training batch of a seed."""
        if "batches" not in self.functions:
            raise InvalidInput("brought.needs_batches", file=self.path.name)
        first = self.call("batches", "train", seed)
        batch = self.guarded("batches", None, lambda: next(iter(first), None))
        if batch is None:
            raise InvalidInput("brought.no_batch", seed=seed)
        return batch

    def loss(self, model: nn.Module, batch: Any, width: int) -> Tensor:
        """Return the loss of a batch, a scalar with a gradient; raises InvalidInput otherwise."""
        value = self.loss_of(model, batch, width)
        if not value.requires_grad:
            raise InvalidInput("brought.loss_not_scalar", width=width, shape="()", has_gradient=0)
        return value

    def loss_of(self, model: nn.Module, batch: Any, width: int) -> Tensor:
        """Return the loss of a batch, a scalar; raises InvalidInput otherwise."""
        if "loss" in self.functions:
            value = self.call("loss", model, batch, size=width)
        else:
            value = self.guarded("forward", width, lambda: default_loss(model, batch))
        if not isinstance(value, Tensor):
            raise InvalidInput("brought.loss_not_tensor", width=width, given=type(value).__name__)
        if value.numel() != 1:
            raise InvalidInput(
                "brought.loss_not_scalar",
                width=width,
                shape=str(tuple(value.shape)),
                has_gradient=int(value.requires_grad),
            )
        return value

    def call(self, name: str, *arguments: Any, size: int | None = None) -> Any:
        """Call one of the file's functions; `size` is named if it fails."""
        return self.guarded(name, size, lambda: self.functions[name](*arguments))

    def guarded(self, name: str, size: int | None, action: Callable[[], Any]) -> Any:
        """Return what `action` returns; anything that it raises becomes an error that names the function."""
        try:
            return action()
        except InvalidInput:
            raise
        except SystemExit as end:
            raise InvalidInput("brought.file_exits", function=name, status=str(end.code)) from end
        except MemoryError:
            raise
        except Exception as error:
            if "can't allocate memory" in str(error):  # torch's only mark of it
                raise MemoryError(str(error)) from error
            kind, message = type(error).__name__, str(error)[:_MOST_TEXT]
            if size is None:
                raise InvalidInput(
                    "brought.function_fails", function=name, error=kind, message=message
                ) from error
            raise InvalidInput(
                "brought.fails_at_width", function=name, width=size, error=kind, message=message
            ) from error


def load_asked(path: str | None, module: str | None) -> BroughtModel:
    """Return the functions of the file or installed module that a question names."""
    return load_installed(module) if module is not None else load_model(Path(path or ""))


def load_installed(module: str) -> BroughtModel:
    """Import an installed module, as an entry point names it, and return its functions."""
    loading = BroughtModel(Path(module), {})
    return _functions_of(
        loading.guarded("import", None, lambda: importlib.import_module(module)), Path(module)
    )


def load_model(path: Path) -> BroughtModel:
    """Return the functions of a `.py` file or of a folder with `__init__.py` or `config.json`.

    Raises:
        NotFound: no such file.
        InvalidInput: it cannot be imported, has no `build`, or its `build` takes other arguments; or no model
            can be built from the configuration.
    """
    if is_configuration(path):
        return _configured(path)
    if path.is_dir():
        path = path / "__init__.py"
    if not path.is_file():
        raise NotFound("brought.no_file", path=str(path))
    return _functions_of(_import(path), path)


def _configured(folder: Path) -> BroughtModel:
    """Return the functions of a Hugging Face configuration."""
    loaded = load_configuration(folder)
    configuration = loaded.configuration
    return BroughtModel(
        folder,
        {"build": loaded.build, "batches": loaded.batches},
        configuration.widths,
        configuration.depths,
        text=TextRange(longest=configuration.longest, vocabulary=configuration.vocabulary),
        rule=configuration.lines,
    )


def _functions_of(module: Any, path: Path) -> BroughtModel:
    functions = {
        name: value
        for name in ("build", "loss", "batches", "optimizer", "scheduler", "pretrained")
        if callable(value := getattr(module, name, None))
    }
    if "build" not in functions:
        raise InvalidInput("brought.no_build", file=path.name)
    takes_depth = _takes_depth(functions["build"])
    sizes, depths = getattr(module, "sizes", None), getattr(module, "depths", DEFAULT_DEPTHS)
    return BroughtModel(
        path,
        functions,
        None if sizes is None else _as_widths(sizes),
        _as_widths(depths) if takes_depth else (),
    )


def _import(path: Path) -> Any:
    is_package = path.name == "__init__.py"
    spec = importlib.util.spec_from_file_location(
        _MODULE, path, submodule_search_locations=[str(path.parent)] if is_package else None
    )
    if spec is None or spec.loader is None:
        raise InvalidInput("brought.not_python", file=path.name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    sys.path.insert(0, str(path.parent.parent if is_package else path.parent))
    loading = BroughtModel(path, {})
    loading.guarded("import", None, lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]
    return module


def _takes_depth(build: Callable[..., Any]) -> bool:
    """Tell whether `build` takes a depth as well; raises InvalidInput where it takes something else."""
    signature = inspect.signature(build)
    try:
        signature.bind(64, 2)
    except TypeError:
        try:
            signature.bind(64)
        except TypeError as error:
            raise InvalidInput("brought.build_arguments", given=str(signature)) from error
        return False
    names = [name for name, each in signature.parameters.items() if each.kind in _POSITIONAL]
    return len(names) < 2 or names[1] == "depth" or _needs_two(signature)


def _needs_two(signature: inspect.Signature) -> bool:
    try:
        signature.bind(64)
    except TypeError:
        return True
    return False


def _as_widths(sizes: Any) -> tuple[int, ...]:
    try:
        widths = tuple(int(size) for size in sizes)
    except (TypeError, ValueError) as error:
        raise InvalidInput("brought.sizes_not_numbers", given=str(sizes)[:_MOST_TEXT]) from error
    if len(set(widths)) != len(widths) or min(widths, default=0) < 1:
        raise InvalidInput("brought.sizes_not_numbers", given=str(sizes)[:_MOST_TEXT])
    return tuple(sorted(widths))
