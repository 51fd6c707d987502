"""A brought model in the training child: found by its hash, loaded for one cell, held to a memory limit."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.loading import BroughtModel, load_installed, load_model
from muscope.worker.brought.training.family import sound_family
from muscope.worker.held_models import held_models
from muscope.worker.numerics.families import FamilyNetwork
from muscope.worker.numerics.program import CellProgram, TrainingData

_MOST_TEXT = 300


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an allocation of the host has failed; torch marks it by its wording only."""
    marks = ("can't allocate memory", "std::bad_alloc")
    return isinstance(error, MemoryError) or any(mark in str(error) for mark in marks)


@dataclass(frozen=True)
class ModelFolder:
    """Models of the operator's on this machine, and the bytes that a cell of one may take."""

    folder: Path | None = None
    memory_bytes: int = 4 << 30

    @contextlib.contextmanager
    def family(self, program: CellProgram, data: TrainingData) -> Iterator[FamilyNetwork | None]:
        """Provide the computation of a program's model; None for one that is built in.

        Raises:
            InvalidInput: this machine does not hold the model in this version; or, from the body as well,
                its file fails, its numbers are no use, or it needs more than `memory_bytes`.
        """
        model = program.model
        if not isinstance(model, Brought):
            yield None
            return
        with self._errors_of(model, program), _address_space(self.memory_bytes):
            yield sound_family(self._load(model), model, program, data)

    @contextlib.contextmanager
    def _errors_of(self, model: Brought, program: CellProgram) -> Iterator[None]:
        """Make one error that names model and size of whatever its file raises while it trains."""
        size: dict[str, str | int] = {
            "model": model.network,
            "width": program.width,
            "depth": program.depth,
        }
        try:
            yield
        except (torch.AcceleratorError, torch.OutOfMemoryError):
            raise  # a device has other users too: another attempt may end better
        except SystemExit as end:
            raise InvalidInput("brought.cell_exits", **size, status=str(end.code)) from end
        except (MemoryError, RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
            if is_out_of_memory(error):
                raise InvalidInput(
                    "brought.cell_memory", **size, limit_mib=self.memory_bytes >> 20
                ) from error
            kind, message = type(error).__name__, str(error)[:_MOST_TEXT]
            raise InvalidInput("brought.cell_fails", **size, error=kind, message=message) from error

    def _load(self, model: Brought) -> BroughtModel:
        for held in held_models(self.folder):
            if held.sha256 == model.sha256:
                return load_installed(held.module) if held.module else load_model(held.path or Path())
        raise InvalidInput("brought.not_held", model=model.network, sha256=(model.sha256 or "-")[:12])


@contextlib.contextmanager
def _address_space(more_bytes: int) -> Iterator[None]:
    """Let this process map only so much more for a while; does nothing where a system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    mapped = int(statm.read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = mapped + more_bytes
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
