"""What we rely on in plotly.js; these fail on an upgrade that changes it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from muscope.backend.figures.plotly_bundle import PlotlyBundle

BUNDLE = PlotlyBundle()


def test_the_script_creates_the_two_style_elements_we_know():
    script = BUNDLE.script.decode()

    assert len(re.findall(r"createElement\(['\"`]style['\"`]\)", script)) == 2
    assert BUNDLE.marks == ("9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53",)
    assert '"plotly.js-style-"' in script
    assert 'matches(".no-inline-styles")' in script
    assert "adoptedStyleSheets" not in script


def test_the_script_is_of_the_version_that_the_package_checks_figures_for():
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    whole = (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    versions = [re.search(r"v(\d+\.\d+\.\d+)", text[:200]) for text in (whole, BUNDLE.script.decode())]

    assert versions[0] is not None
    assert versions[1] is not None
    assert versions[0][1] == versions[1][1]


def test_the_stylesheet_has_the_rules_of_the_script_in_reverse_order():
    rules = re.findall(r"^([^ ].*) \{(.*)\}$", BUNDLE.stylesheet, re.MULTILINE)

    assert len(rules) > 50
    assert rules[-1][0] == ".js-plotly-plot .plotly,.js-plotly-plot .plotly div"
    assert (
        ".js-plotly-plot .plotly .main-svg",
        "position:absolute;top:0;left:0;pointer-events:none;",
    ) in rules
    assert not any("http" in rule for _, rule in rules)
    assert BUNDLE.stylesheet.startswith("/* The rules")


def test_another_form_of_the_rules_is_an_error(tmp_path: Path):
    path = tmp_path / "plotly.min.js"
    path.write_text("nothing")

    with pytest.raises(ValueError, match="expected the style rules"):
        _ = PlotlyBundle(path).stylesheet
