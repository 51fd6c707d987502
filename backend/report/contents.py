"""Contents of a report: the sheet for approval and the sections behind it, in their order."""

from __future__ import annotations

from typing import NamedTuple

from muscope.backend.report.blocks import Section
from muscope.backend.report.material import Material
from muscope.backend.report.sections.appendix import appendix
from muscope.backend.report.sections.data import data
from muscope.backend.report.sections.evidence import evidence, figures
from muscope.backend.report.sections.first_page import FirstPage, first_page
from muscope.backend.report.sections.phrases import phrases
from muscope.backend.report.sections.rollout import risks, rollout, savings
from muscope.backend.report.sections.study import method, question
from muscope.backend.report.words.say import Words

# A section is added here; each is a function of material and words.
SECTIONS = (phrases, question, data, method, figures, evidence, savings, risks, rollout, appendix)


class Contents(NamedTuple):
    """Everything that is rendered."""

    document: str
    page: FirstPage
    sections: tuple[Section, ...]


def contents(material: Material, words: Words) -> Contents:
    """Return the contents in one language; a section without content is left out."""
    sections = tuple(section(material, words) for section in SECTIONS)
    return Contents(
        words.say("report.document", name=material.name),
        first_page(material, words),
        tuple(section for section in sections if section.blocks),
    )
