"""The glossary for readers, from the texts that the page shows beside the words themselves."""

from __future__ import annotations

from muscope.backend.catalogue import LANGUAGES, catalogue, text

_NAME = "glossary.{term}.name"
_MEANING = "glossary.{term}.meaning"


def glossary_terms() -> tuple[str, ...]:
    """Return the keys of the words that are explained, sorted."""
    return tuple(
        sorted(
            key.split(".")[1]
            for key in catalogue("en")
            if key.startswith("glossary.") and key.endswith(".name")
        )
    )


def words(language: str) -> str:
    """Return a heading per word, which the page links to, with its other name and its meaning."""
    other = next(name for name in LANGUAGES if name != language)
    return "\n\n".join(
        f"## {text(_NAME.format(term=term), language)}\n\n"
        f"*{text(_NAME.format(term=term), other)}*\n\n{text(_MEANING.format(term=term), language)}"
        for term in sorted(glossary_terms(), key=lambda term: text(_NAME.format(term=term), language).lower())
    )
