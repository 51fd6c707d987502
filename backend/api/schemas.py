"""Request and reply models that no use case defines: errors, small replies, small requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.dataset import ColumnUse, Frozen, Task
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.names import Band, Sampling
from muscope.backend.ingest.manifest import DateOrder, FileKind, IngestOptions

# Room for any plan; uploads have a limit of their own, `upload_limit_bytes`.
JSON_LIMIT_BYTES = 2 << 20

# Media type of every error (RFC 9457).
PROBLEM_TYPE = "application/problem+json"

# Spelled-out names of delimiters that are awkward in a URL.
DELIMITERS = {"tab": "\t", "space": " ", r"\t": "\t"}

Delimiter = Annotated[str, StringConstraints(min_length=1, max_length=5)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Split = Annotated[str, StringConstraints(min_length=1, max_length=220)]


class FieldError(Frozen):
    """One field that could not be read."""

    field: str = Field(examples=["widths[0]"])
    message: str = Field(examples=["“widths[0]” must be at least 1; given: 0."])
    given: str | None = Field(description="The value given, shortened; null when it was left out.")


class ErrorDetail(Frozen):
    """Description of an error for programs (`code`, `params`) and for people (`message`)."""

    code: str = Field(description="Stable name of the error; the message's catalogue key is `error.<code>`.")
    message: str = Field(description="One sentence in the language of Accept-Language (en, ja).")
    params: dict[str, str | int | float] = Field(description="The facts in the message.")
    errors: tuple[FieldError, ...] | None = Field(
        default=None, description="Only with code `validation`: every field that could not be read."
    )


class ErrorReply(Frozen):
    """The one shape of every error: a problem document (RFC 9457) with the error as a further member."""

    type: str = Field(
        description="Address, from the root of this server, that describes this kind of problem.",
        examples=["/api/v1/problems/experiment.not_found"],
    )
    title: str = Field(description="Heading, the same for all problems with this status.")
    status: int = Field(description="The status of the answer.", examples=[404])
    detail: str = Field(description="One sentence in the language of Accept-Language (en, ja).")
    request_id: str = Field(description="The answer's `X-Request-Id`; the server's log has it too.")
    error: ErrorDetail


class ProblemView(Frozen):
    """One kind of problem."""

    type: str = Field(examples=["/api/v1/problems/experiment.not_found"])
    code: str = Field(examples=["experiment.not_found"])
    sentence: str = Field(description="The sentence, with its facts in braces, as in `{name}`.")
    params: tuple[str, ...] = Field(description="Names of the facts, in alphabetical order.")


class Health(Frozen):
    """The answer of a probe."""

    status: Literal["ok", "ready"] = Field(examples=["ok"])
    notes: tuple[str, ...] = Field(
        default=(), description="Faults an operator should know of though all works."
    )


class ExampleView(Frozen):
    """A built-in dataset."""

    name: str = Field(examples=["digits"])
    title: str
    description: str


class VariantRequest(Frozen):
    """Options for reading a stored file once more; what is left out is guessed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"label": "price", "task": "regression", "delimiter": ";"},
                {"label": "price", "split": "time:sold on", "log_target": True},
            ]
        }
    )

    label: Label | None = None
    task: Task | None = None
    delimiter: Delimiter | None = Field(default=None, description="`tab` and `space` may be spelled out.")
    kind: FileKind | None = Field(default=None, description="Kind to read it as; as before if left out.")
    encoding: str | None = Field(default=None, max_length=40, description="`UTF-8`, `CP932`, …")
    header: int | None = Field(
        default=None, ge=0, le=1000, description="Row with the column names, from 1; 0: the file has none."
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="Sign before the decimals.")
    dates: DateOrder | None = Field(
        default=None, description="Order of day and month where the year comes last, as in 03/04/2025."
    )
    member: str | None = Field(
        default=None, max_length=400, description="File of an archive, or sheet of a workbook."
    )
    area: str | None = Field(
        default=None, max_length=12, description="Cell, such as `A46`, in which one of several tables begins."
    )
    fill_down: Literal["fill", "leave"] | None = Field(
        default=None, description="Blank cells below the name of a group: filled with it unless left."
    )
    hidden: Literal["use", "leave_out"] | None = Field(
        default=None, description="Hidden rows and columns of a sheet: used unless left out."
    )
    x: str | None = Field(default=None, max_length=200, description="Array that holds the examples.")
    y: str | None = Field(default=None, max_length=200, description="Array that holds the labels.")
    columns: dict[str, ColumnUse] = Field(
        default_factory=dict, max_length=10_000, description="Use of columns, by name."
    )
    missing: tuple[str, ...] = Field(
        default=(), max_length=50, description="Further cells that stand for a missing value."
    )
    ragged: Literal["leave_out"] | None = Field(
        default=None, description="Rows with another number of cells: refused unless left out."
    )
    split: Split | None = Field(
        default=None,
        description="Rows that validate: `random` ones, the last by `time:<column>`, whole groups by "
        "`group:<column>`, or those `given` by the file; guessed if left out.",
    )
    log_target: bool = Field(
        default=False, description="Train on the natural logarithm of the label, which must be positive."
    )
    vocabulary: int | None = Field(
        default=None,
        ge=256,
        le=16_384,
        description="Of a text: tokens of a byte-pair vocabulary, trained on the training part; 256: bytes.",
    )

    def options(self) -> IngestOptions:
        """Return the same options in the form that the reader takes."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name != "delimiter"}
        return IngestOptions(delimiter=delimiter_of(self.delimiter), **given)


def delimiter_of(given: str | None) -> str | None:
    """Return the delimiter that a spelled-out name stands for."""
    return given if given is None else DELIMITERS.get(given, given)


class ExportDigest(Frozen):
    """The fingerprint of an experiment's canonical export."""

    experiment_id: UUID
    sha256: str


class FigureContent(Frozen):
    """Arguments of `Plotly.react`, without base64: numbers have six significant digits, gaps are null."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class FigureMeta(Frozen):
    """Facts that a page states beside a figure."""

    title: str
    description: str = Field(description="The figure in words, for those who cannot see it.")
    lr: dict[Parametrization, float] = Field(description="The LR whose curves are shown, if it shows one.")
    lr_index: int | None = Field(
        description="Number of the LR of the page in the grid of µP (else of the first arm): the chosen or "
        "the reused one. A figure without values there shows another, named in `lr`."
    )
    lrs_with_values: list[int] = Field(
        description="Numbers of the LRs, in that grid, at which a figure over steps has values."
    )
    step: int | None = Field(description="The step of the spectral density.")
    n_raw: int = Field(description="Points of all means over seeds.")
    n_returned: int = Field(description="Number of them that are drawn.")
    method: Sampling = Field(description="`all`, or `first_min_max_last` of each bucket of steps.")
    n_hidden: int = Field(description="Points that a logarithmic axis cannot show.")
    band: Band = Field(
        description="`min_max`: from the smallest to the largest seed; `standard_error`: of the mean; "
        "`interval`: of the optimum; `none`."
    )
    committed: dict[Parametrization, dict[int, int]] = Field(
        description="Last stored step by parametrization and width; -1 before the first."
    )


class FigureReply(Frozen):
    """A figure and what is to be said about it."""

    figure: FigureContent
    meta: FigureMeta


class FigureTableReply(Frozen):
    """The numbers that a figure draws."""

    title: str
    columns: tuple[str, ...] = Field(description="In the reader's language, with units where there are any.")
    rows: tuple[tuple[int | float | str | None, ...], ...] = Field(
        description="One value per column; null where there is none, or where a run diverged."
    )


class StreamEnd(Frozen):
    """The last event of a finished experiment."""

    experiment_id: UUID
    state: ExperimentState
