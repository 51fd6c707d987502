"""Every kind of file that people have is read right, asked about, or refused with one sentence."""

import pytest

from benchmarks.inputs.trial_files import TrialFile, trial_files
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions

FILES = {file.name: file for file in trial_files()}


def faults_of(file: TrialFile, folder) -> list[str]:
    """Return what the product gets wrong about a file."""
    source = folder / file.name
    source.write_bytes(file.content)
    try:
        manifest = prepare_file(source, IngestOptions()).manifest
    except InvalidInput as refusal:
        return [] if refusal.code == file.refused else [f"{file.name}: refused with {refusal.code}"]
    return file.faults(manifest.profile, manifest.shape.task)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_this_kind_is_read_right(name, tmp_path):
    assert faults_of(FILES[name], tmp_path) == []


def test_names_differ_so_that_no_kind_hides_another():
    assert len(list(trial_files())) == len(FILES) > 60
