"""Runs of the Hugging Face Trainer: `trainer_state.json` beside the `config.json` of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.sweeps.trackers.tracked import Record, Tracked

_STATE, _CONFIG = "trainer_state.json", "config.json"
_CHECKPOINT = "checkpoint-"
_OF_MODEL = ("hidden_size", "n_embd", "d_model", "num_hidden_layers", "n_layer", "num_attention_heads")
_OF_RUN = ("max_steps", "train_batch_size")


def trainer_runs(folder: str, experiment: str | None) -> Tracked:
    """Return one record for each run below a folder: its last checkpoint, `experiment` being a folder within.

    The learning rate is the largest one logged, which is the peak of a schedule; the loss is the last of the
    evaluation, else of training. A run without a logged learning rate has an empty one, which is then named.
    """
    root = Path(folder) / (experiment or "")
    latest: dict[Path, tuple[int, Path, dict[str, Any]]] = {}
    for path in sorted(root.rglob(_STATE)):
        state = _read(path)
        run = path.parent.parent if path.parent.name.startswith(_CHECKPOINT) else path.parent
        step = int(state.get("global_step") or 0)
        if run not in latest or step >= latest[run][0]:
            latest[run] = step, path, state
    if not latest:
        raise NotFound("sweep.no_runs", place=str(root), what=_STATE)
    return Tracked(
        [_record(run.relative_to(root).as_posix(), path, state) for run, (_, path, state) in latest.items()]
    )


def _record(name: str, path: Path, state: dict[str, Any]) -> Record:
    history = [entry for entry in state.get("log_history") or () if isinstance(entry, dict)]
    rates = [entry["learning_rate"] for entry in history if entry.get("learning_rate")]
    measured = next(
        (kind for kind in ("eval_loss", "loss") if any(kind in entry for entry in history)), "loss"
    )
    losses = [entry[measured] for entry in history if measured in entry]
    config = _read(path.parent / _CONFIG) if (path.parent / _CONFIG).is_file() else {}
    return {
        "name": name,
        **{key: config[key] for key in _OF_MODEL if config.get(key) is not None},
        **{key: state[key] for key in _OF_RUN if state.get(key) is not None},
        "learning_rate": max(rates) if rates else None,
        "loss": losses[-1] if losses else None,
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput("sweep.unreadable_run", path=str(path)) from error
    if not isinstance(found, dict):
        raise InvalidInput("sweep.unreadable_run", path=str(path))
    return found
