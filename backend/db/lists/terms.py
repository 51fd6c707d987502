"""Words that lists are searched for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from muscope.backend.db.schema.tables import DatasetRow


@dataclass(frozen=True)
class Term:
    """One word sought, and the built-ins whose titles contain it in any language."""

    text: str
    examples: tuple[str, ...] = ()


def names_dataset(term: Term) -> ColumnElement[bool]:
    """Return the condition that a dataset's name, or the title of its built-in, contains a word."""
    return or_(DatasetRow.name.icontains(term.text, autoescape=True), DatasetRow.example.in_(term.examples))
