"""Any table gets an answer that can be said, or an error of ours."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.errors import MuscopeError
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.answers.judge import EXIT_CODES
from muscope.backend.sweeps.table import Options, judge_columns
from muscope.backend.sweeps.words import sentences

CELLS = {
    "lr": ["0.0001", "0.0002", "0.0004", "0.0008", "0.003", "0.0032"],
    "loss": ["2.9", "2.5", "2.51", "0.4", "0", "-1", "nan", "inf", "", "1e300"],
    "size": ["1e8", "2e8", "400M", "1B"],
    "width": ["8", "16", "32"],
    "batch": ["32", "64"],
    "tokens": ["1B", "2B"],
    "step": ["10", "95", "100"],
    "seed": ["0", "1", ""],
    "optimizer": ["adamw", "muon"],
    "schedule": ["cosine", "constant"],
    "diverged": ["0", "1"],
    "initial_loss": ["11", ""],
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[str]]:
    optional = sorted(set(CELLS) - {"lr", "loss"})
    names = ["lr", "loss", *draw(st.lists(st.sampled_from(optional), min_size=1, max_size=5, unique=True))]
    num_rows = draw(st.integers(1, 24))
    return {
        name: draw(st.lists(st.sampled_from(CELLS[name]), min_size=num_rows, max_size=num_rows))
        for name in names
    }


@settings(max_examples=200, deadline=None, derandomize=True)
@given(tables())
def test_any_table_has_an_answer_or_a_named_error(columns: dict[str, list[str]]):
    try:
        answer = judge_columns(columns, Options())
    except MuscopeError:
        return

    assert answer.exit_code == EXIT_CODES[answer.outcome]
    assert SweepAnswer.model_validate_json(answer.model_dump_json()) == answer
    for language in ("en", "ja"):
        assert all(isinstance(line, str) for line in sentences(answer, language))
