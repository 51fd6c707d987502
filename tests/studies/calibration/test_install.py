"""The record's way from the study into the product."""

from __future__ import annotations

import pytest

from muscope.backend.analysis.advice.reliability import RECORD_FILE
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from studies.calibration.install import install
from studies.calibration.sections import PAGE, RECORD

OF_NOW, OF_LATER = f'"rule_version": "{RULE_VERSION}"', '"rule_version": "99"'


@pytest.fixture
def installed(tmp_path):
    """Return a copy of the installed record."""
    target = tmp_path / "installed.json"
    target.write_bytes(RECORD_FILE.read_bytes())
    return target


def test_the_installed_record_is_the_one_beside_the_page():
    """A study that was not installed, or a record changed by hand: run `make install-calibration`."""
    assert RECORD_FILE.read_bytes() == (PAGE / RECORD).read_bytes()


def test_a_new_record_is_copied_and_its_difference_shown(installed, tmp_path):
    new = tmp_path / "record.json"
    new.write_text(installed.read_text("utf-8").replace(OF_NOW, OF_LATER))
    said: list[str] = []

    assert install(new, installed, said.append)

    assert installed.read_bytes() == new.read_bytes()
    assert f"-  {OF_NOW}," in said[0].splitlines()
    assert f"+  {OF_LATER}," in said[0].splitlines()


def test_the_same_record_again_changes_nothing(installed, tmp_path):
    same = tmp_path / "record.json"
    same.write_bytes(installed.read_bytes())
    said: list[str] = []

    assert install(same, installed, said.append)

    assert said == ["this record is installed already"]
    assert installed.read_bytes() == RECORD_FILE.read_bytes()


@pytest.mark.parametrize("content", ["null", "{}", '{"rule_version": "4"}', "not JSON"])
def test_what_is_no_record_is_refused_and_nothing_is_written(content, installed, tmp_path):
    wrong = tmp_path / "record.json"
    wrong.write_text(content, encoding="utf-8")
    said: list[str] = []

    assert not install(wrong, installed, said.append)

    assert len(said) == 1
    assert installed.read_bytes() == RECORD_FILE.read_bytes()
