"""Names that experiments get when nobody gives one: the data, how thorough, and the model meant."""

from __future__ import annotations

from muscope.backend.catalogue import catalogue, key_of_size, text
from muscope.backend.db.schema.tables import DatasetRow
from muscope.backend.domain.plan.presets import Preset
from muscope.backend.domain.spec.experiment import ExperimentSpec

# Names of files may fill a name alone; the rest of it must still fit (`tables.ExperimentRow.name`).
MOST_OF_DATA = 120


def data_title(example: str | None, name: str, language: str) -> str:
    """Return what people call a dataset: a built-in's title in `language`, else its name."""
    key = f"example.{example}.title"
    return text(key, language) if example is not None and key in catalogue(language) else name


def default_name(dataset: DatasetRow, spec: ExperimentSpec, preset: Preset | None, language: str) -> str:
    """Return the name of an experiment whose owner gave none."""
    parts = [data_title(dataset.example, dataset.name, language)[:MOST_OF_DATA]]
    if preset is not None:
        parts.append(text(f"ui.preset.{preset}", language))
    if spec.target_width is not None:
        key = key_of_size("experiment.name.target", language, of_rank=spec.model.has_ranks)
        parts.append(text(key, language, width=spec.target_width))
    return text("experiment.name.separator", language).join(parts)
