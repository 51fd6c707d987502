"""Base of the tables: names of constraints, and the column type of each type of value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, MetaData, String
from sqlalchemy.orm import DeclarativeBase

from muscope.backend.db.schema.columns import Document, UtcDateTime, Word
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.lifecycle import (
    CellState,
    DesiredState,
    ExperimentState,
    FailureClass,
    StopReason,
)
from muscope.backend.domain.spec.dataset import DatasetShape, Profile
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.statement import Outcome


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a plain class attribute)
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        ExperimentSpec: Document(ExperimentSpec),
        DatasetShape: Document(DatasetShape),
        Profile: Document(Profile),
        Description: Document(Description),
        Scenario: Word(Scenario, 64),
        Parametrization: Word(Parametrization, 16),
        Metric: Word(Metric, 32),
        CellState: Word(CellState, 16),
        ExperimentState: Word(ExperimentState, 16),
        DesiredState: Word(DesiredState, 16),
        FailureClass: Word(FailureClass, 16),
        StopReason: Word(StopReason, 32),
        Outcome: Word(Outcome, 32),
        str: String(255),
        int: BigInteger,
        float: Float(53),
    }
