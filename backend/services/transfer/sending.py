"""Writing an experiment that has ended as one file."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from muscope.backend.db import archive
from muscope.backend.errors import Conflict, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.services.lookup import find_dataset, find_experiment, is_open
from muscope.backend.services.transfer.container import (
    ARRAYS,
    ROWS,
    SOURCE,
    ArchiveManifest,
    DatasetFacts,
    Part,
    part_of,
    write_container,
)

FILE = "experiment.zip"


def write_experiment(
    context: Context, owner_id: str, experiment_id: UUID, folder: Path, *, with_data: bool = True
) -> tuple[str, Path]:
    """Return the experiment's name and its file in `folder`; without the data only their fingerprint goes.

    Raises NotFound, Conflict while it goes on, Unavailable where its data are missing.
    """
    digest = export_sha256(context, owner_id, experiment_id)
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        if is_open(session, experiment):
            raise Conflict("archive.still_open", name=experiment.name)
        dataset = find_dataset(session, owner_id, experiment.dataset_id)
        rows = archive.archived(session, experiment_id)
        facts = DatasetFacts.model_validate({n: getattr(dataset, n) for n in DatasetFacts.model_fields})
        source_sha256 = dataset.source_sha256
        name, spec_sha256 = experiment.name, experiment.spec_sha256
    files = {ROWS: folder / ROWS}
    files[ROWS].write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    parts: list[Part] = [part_of(ROWS, files[ROWS])]
    if with_data:
        files[ARRAYS] = _blob(context, facts.arrays_sha256)
        parts.append(part_of(ARRAYS, files[ARRAYS]))
        if source_sha256 is not None:
            files[SOURCE] = _blob(context, source_sha256)
            parts.append(part_of(SOURCE, files[SOURCE]))
    manifest = ArchiveManifest(
        product=version("muscope"),
        name=name,
        spec_sha256=spec_sha256,
        export_sha256=digest,
        dataset=facts,
        parts=tuple(parts),
    )
    write_container(folder / FILE, manifest, files)
    return name, folder / FILE


def _blob(context: Context, sha256: str) -> Path:
    if not context.blobs.exists(sha256):
        raise Unavailable("dataset.file_missing", sha256=sha256)
    return context.blobs.path(sha256)
