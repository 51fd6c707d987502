"""Examples for CI: valid for their services, the same on the pages, and made of commands that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.command_line import command_parser
from muscope.backend.commands.plans import read_plan
from muscope.backend.domain.plan.plan_request import PlanRequest

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES = DOCS / "examples"
SERVICES = {"github-actions.yml": "vendor.github-workflows", "gitlab-ci.yml": "vendor.gitlab-ci"}


@pytest.mark.parametrize(("name", "schema"), SERVICES.items())
def test_an_example_is_valid_for_its_service(name, schema):
    tool = Path(sys.executable).with_name("check-jsonschema")

    done = subprocess.run((tool, "--builtin-schema", schema, EXAMPLES / name), capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.y*ml")), ids=lambda path: path.name)
def test_an_example_stands_on_the_page_as_it_is(path, language):
    page = (DOCS / "site" / language / "automation.md").read_text(encoding="utf-8")

    assert f"```yaml\n{path.read_text(encoding='utf-8')}```" in page


@pytest.mark.parametrize("name", SERVICES)
def test_every_command_of_an_example_exists(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    commands = re.findall(r"muscope ((?:submit|wait|report)[^)\n]*)", text)

    assert len(commands) == 3
    for command in commands:
        arguments = shlex.split(command.partition(" >")[0])
        assert command_parser().parse_args(arguments).command == arguments[0]


def test_the_plan_of_the_examples_is_a_plan():
    plan = read_plan(EXAMPLES / "plan.yaml")

    assert set(plan.pop("data")) == {"file", "label"}
    assert PlanRequest.model_validate(plan).preset == "quick"
