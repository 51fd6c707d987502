"""What can be told of the front end by reading it; needs no browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from muscope.backend.domain.plan.options import plan_options
from muscope.backend.domain.plan.plan_request import PlanRequest
from muscope.backend.domain.spec.budget import Budget
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.measures import DensityGrid, Measure
from muscope.backend.domain.spec.model import FAMILIES
from muscope.backend.domain.spec.optimizer import OptimizerSpec, ScheduleSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.plotly_bundle import PlotlyBundle
from muscope.backend.handbook.site import SHARED

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
SCRIPTS = {path: path.read_text(encoding="utf-8") for path in sorted(FRONTEND.glob("js/**/*.js"))}
PAGES = {path: path.read_text(encoding="utf-8") for path in sorted(FRONTEND.glob("*.html"))}
STYLES = {path: path.read_text(encoding="utf-8") for path in sorted(FRONTEND.glob("css/*.css"))}
# A name, not a place to fetch from.
NAMESPACE = "http://www.w3.org/2000/svg"
MARKUP_FROM_TEXT = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")


def english() -> set[str]:
    return set(json.loads((FRONTEND / "locales" / "en.json").read_text(encoding="utf-8")))


def files_with(pattern: str) -> list[str]:
    return [path.name for path, source in SCRIPTS.items() if re.search(pattern, source)]


def test_only_one_file_talks_to_the_server():
    assert sum(source.count("fetch(") for source in SCRIPTS.values()) == 1
    assert files_with(r"\bfetch\(") == ["api.js"]
    assert files_with(r"new XMLHttpRequest") == ["upload_request.js"]
    assert files_with(r"new EventSource") == ["stream.js"]


def test_no_text_becomes_markup():
    assert [path.name for path, source in SCRIPTS.items() if MARKUP_FROM_TEXT.search(source)] == []


def test_no_page_has_inline_code_or_an_inline_style():
    inline = re.compile(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)")

    assert {path.name for path, source in PAGES.items() if inline.search(source)} == set()


def test_nothing_comes_from_elsewhere():
    everything = [*PAGES.values(), *STYLES.values(), *SCRIPTS.values()]

    assert [found for source in everything for found in re.findall(r"https?://[^\s\"'`)]+", source)] == [
        NAMESPACE
    ] * sum(source.count(NAMESPACE) for source in everything)


def test_plotly_may_send_nothing():
    config = SCRIPTS[FRONTEND / "js" / "figures" / "plotly.js"]

    for setting in ("showSendToCloud: false", "displaylogo: false", 'plotlyServerURL: ""'):
        assert setting in config


def test_the_words_that_are_translated_are_those_of_plotly():
    source = SCRIPTS[FRONTEND / "js" / "figures" / "plotly.js"]
    words = {
        key: quoted or name
        for quoted, name, key in re.findall(r'^  (?:"(.+)"|(\w+)): "(ui\..+)",$', source, re.M)
    }
    texts = json.loads((FRONTEND / "locales" / "en.json").read_text(encoding="utf-8"))
    script = PlotlyBundle().script.decode()

    assert words == {key: text for key, text in texts.items() if key.startswith("ui.plotly.")}
    assert {word for word in words.values() if f'"{word}"' not in script} == set()


def test_every_style_sheet_is_linked():
    linked = {
        name
        for page in ("index.html", "api.html")
        for name in re.findall(r'href="[./]*static/css/([^"]+)"', (FRONTEND / page).read_text("utf-8"))
    }
    handbook = {Path(name).name for name in SHARED if name.endswith(".css")}

    assert linked | handbook == {path.name for path in STYLES}


def test_every_named_text_exists():
    named = {key for source in SCRIPTS.values() for key in re.findall(r'\bt\("([^"]+)"', source)}

    assert named - english() == set()


def test_every_text_of_the_page_is_used():
    """A key is used if it is named, or if it begins like a key with a changing part."""
    sources = "\n".join(SCRIPTS.values())
    named = set(re.findall(r'"(ui\.[\w.]+)"', sources))
    begun = tuple(set(re.findall(r"`(ui\.[\w.]+\.)\$\{", sources)))

    texts = {key: key.removesuffix(".rank").removesuffix(".plain") for key in english()}
    unused = {key for key, text in texts.items() if key.startswith("ui.") and text not in named}
    assert {key for key in unused if not key.startswith(begun)} == set()


def test_no_file_is_too_long():
    files = {**SCRIPTS, **STYLES, **PAGES}

    assert {path.name for path, source in files.items() if source.count("\n") > 350} == set()


def test_no_room_holds_too_many_files():
    rooms = Counter(str(path.parent.relative_to(FRONTEND)) for path in SCRIPTS)

    assert {room: count for room, count in rooms.items() if count > 15} == {}


def test_types_are_named():
    """The type `any` is none; what the server answers has its types in `frontend/types`."""
    assert files_with(r"[{<|(\[ ]any[}>|)\[\]]") == []


def test_the_form_names_every_option_of_a_request():
    """Names are paths into the request; `num_seeds` is short for seeds, arms and measures are ticked."""
    source = SCRIPTS[FRONTEND / "js" / "plan" / "settings_fields.js"]
    named = set(re.findall(r'\bentry\("([\w.]+)"', source))

    wanted = set(PlanRequest.model_fields) - {
        "arms", "measures", "model", "optimizer", "density_grid", "budget", "preset", "recipe",
        "scenarios", "settle", "thresholds",
    }  # fmt: skip
    wanted |= {
        f"model.{name}"
        for family in FAMILIES
        for name in (family.asked if issubclass(family, Brought) else family.model_fields)
    } - {
        "model.branch_exponent"  # has a name of its own
    }
    wanted |= {f"budget.{name}" for name in Budget.model_fields}
    wanted |= {f"settle.{name}" for name in Settle.model_fields}
    wanted |= {f"density_grid.{name}" for name in DensityGrid.model_fields}
    wanted |= {f"optimizer.{name}" for name in OptimizerSpec.model_fields if name != "schedule"}
    wanted |= {f"optimizer.schedule.{name}" for name in ScheduleSpec.model_fields}
    assert named - {"num_seeds"} == wanted
    assert wanted <= {setting.name for setting in plan_options().settings}


def test_every_value_the_form_offers_has_a_text():
    choices = {setting.name: setting.values for setting in plan_options().settings if setting.values}
    named = {"loss": "ui.loss", "optimizer.kind": "ui.optimizer", "model.family": "ui.family"}
    named |= {"preset": "ui.preset", "recipe": "ui.start", "budget.currency": "ui.currency"}
    texts = {
        f"{named.get(name, 'ui.settings.value')}.{value}"
        for name, values in choices.items()
        for value in values
    }
    texts |= {f"{prefix}.{arm}" for arm in Parametrization for prefix in ("figure.arm", "ui.arm")}
    texts |= {f"{prefix}.{measure}" for measure in Measure for prefix in ("ui.measure", "ui.measure.cost")}

    assert texts - english() == set()


def test_the_form_repeats_no_closed_set():
    forms = "".join(source for path, source in SCRIPTS.items() if "settings" in path.name)
    values = {value for setting in plan_options().settings for value in setting.values}

    assert {value for value in values | {*Parametrization, *Measure} if f'"{value}"' in forms} == set()
