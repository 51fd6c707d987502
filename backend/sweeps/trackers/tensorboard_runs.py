"""Runs in TensorBoard event files: hyperparameters of the HParams plugin, last value of every scalar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muscope.backend.errors import NotFound
from muscope.backend.sweeps.trackers.tracked import Record, Tracked, library

_EVENTS = "events.out.tfevents.*"
_SESSION = "_hparams_/session_start_info"


def tensorboard_runs(folder: str, experiment: str | None) -> Tracked:
    """Return one record for each folder with event files, `experiment` being a folder within."""
    root = Path(folder) / (experiment or "")
    folders = sorted({path.parent for path in root.rglob(_EVENTS)})
    if not folders:
        raise NotFound("sweep.no_runs", place=str(root), what=_EVENTS)
    return Tracked([_record(each, each.relative_to(root).as_posix()) for each in folders])


def _record(folder: Path, name: str) -> Record:
    module = library("tensorboard.backend.event_processing.event_accumulator", "tensorboard")
    events = module.EventAccumulator(str(folder), size_guidance={module.SCALARS: 1, module.TENSORS: 1})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: events.Scalars(tag)[-1].value for tag in tags["scalars"]}
    tensors = {tag: _number(events.Tensors(tag)[-1]) for tag in tags["tensors"] if tag != _SESSION}
    measured = {tag: value for tag, value in tensors.items() if value is not None}
    return {"name": name, **_settings(events), **scalars, **measured}


def _number(event: Any) -> float | None:
    """Return a scalar that was written as a tensor; None for any other tensor."""
    array = library("tensorboard.util.tensor_util", "tensorboard").make_ndarray(event.tensor_proto)
    return float(array) if array.size == 1 and array.dtype.kind == "f" else None


def _settings(events: Any) -> Record:
    metadata = events.summary_metadata.get(_SESSION)
    if metadata is None:
        return {}
    plugin = library("tensorboard.plugins.hparams.plugin_data_pb2", "tensorboard")
    data = plugin.HParamsPluginData.FromString(metadata.plugin_data.content)
    values = data.session_start_info.hparams
    return {name: getattr(values[name], str(values[name].WhichOneof("kind"))) for name in values}
