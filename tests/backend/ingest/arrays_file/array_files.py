"""NumPy files as people save them, and what a reading of them shows."""

import numpy as np

from muscope.backend import catalogue
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.bad_files import npz, pixels

X = pixels(30, 8, 8)
NAMES = np.array(["猫", "犬", "鳥"])


def prepare(tmp_path, content, **options):
    source = tmp_path / "upload"
    source.write_bytes(content if isinstance(content, bytes) else npz(**content))
    prepared = prepare_file(source, IngestOptions(**options))
    profile = prepared.manifest.profile
    for code, params in ((entry.code, entry.params) for entry in (*profile.notes, *profile.warnings)):
        assert all(catalogue.text(f"warning.{code}", language, **params) for language in catalogue.LANGUAGES)
    return prepared


def decided(prepared) -> dict[str, str]:
    return {decision.option: decision.value for decision in prepared.manifest.profile.decisions}


def asked(prepared) -> set[str]:
    return {d.option for d in prepared.manifest.profile.decisions if d.is_question}
