"""Writing of a verdict's run by the trackers' own libraries; a process of its own, one request on stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from muscope.backend.sweeps.trackers.tracked import TAG, VERDICT_RUN

_SETTING = f"{TAG}outcome"


def main() -> None:
    """Write the verdict that stdin holds."""
    request = json.load(sys.stdin)
    with TemporaryDirectory(prefix="muscope-verdict-") as folder:
        paths = [Path(folder, name) for name in request["files"]]
        for path in paths:
            path.write_text(request["files"][path.name], encoding="utf-8", newline="")
        _WRITERS[request["kind"]](request, paths)


def _to_wandb(request: Mapping[str, Any], paths: list[Path]) -> None:
    """Write an offline run with tags, a note and an artifact; `wandb sync` sends it with the others."""
    wandb: Any = import_module("wandb")
    settings = wandb.Settings(
        mode="offline", root_dir=request["place"], console="off", silent=True, x_disable_stats=True
    )
    run = wandb.init(
        project=request["experiment"],
        name=VERDICT_RUN,
        job_type=VERDICT_RUN,
        tags=["muscope", request["outcome"]],
        notes=request["text"],
        settings=settings,
    )
    with run:
        run.config.update({_SETTING: request["outcome"]})
        artifact = wandb.Artifact(VERDICT_RUN, type="verdict")
        for path in paths:
            artifact.add_file(str(path))
        run.log_artifact(artifact)


def _to_trackio(request: Mapping[str, Any], paths: list[Path]) -> None:
    """Write a run whose settings hold outcome and text, which trackio has no tags and notes for."""
    trackio: Any = import_module("trackio")
    settings = {_SETTING: request["outcome"], f"{TAG}text": request["text"]}
    trackio.init(
        project=request["experiment"],
        name=VERDICT_RUN,
        config=settings,
        embed=False,
        auto_log_gpu=False,
        auto_log_cpu=False,
    )
    trackio.log({f"{TAG}written": 1})  # settings are stored with the first values
    artifact = trackio.Artifact(VERDICT_RUN, type="verdict")
    for path in paths:
        artifact.add_file(str(path))
    trackio.log_artifact(artifact)
    trackio.finish()


def _to_aim(request: Mapping[str, Any], paths: list[Path]) -> None:
    """Write a run with tags, a description and artifacts, which lie beside the repository's own files."""
    aim: Any = import_module("aim")
    quiet = {"system_tracking_interval": None, "log_system_params": False, "capture_terminal_logs": False}
    run = aim.Run(repo=request["place"], experiment=request["experiment"], **quiet)
    run.name, run.description = VERDICT_RUN, request["text"]
    for tag in ("muscope", request["outcome"]):
        run.add_tag(tag)
    run[_SETTING] = request["outcome"]
    run.set_artifacts_uri(Path(request["place"], ".aim", "artifacts").resolve().as_uri())
    for path in paths:
        run.log_artifact(str(path), name=path.name, block=True)
    run.close()


_WRITERS: Mapping[str, Callable[[Mapping[str, Any], list[Path]], None]] = {
    "aim": _to_aim,
    "trackio": _to_trackio,
    "wandb": _to_wandb,
}


if __name__ == "__main__":
    main()
