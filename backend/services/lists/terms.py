"""Words of a search, as the lists look for them."""

from __future__ import annotations

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.db.lists.terms import Term
from muscope.backend.ingest.manifest import EXAMPLE_NAMES
from muscope.backend.services.experiments.naming import data_title

# Words beyond these hardly narrow a search.
MOST_TERMS = 10


def terms_of(search: str) -> tuple[Term, ...]:
    """Return the words of a search; a NUL, which no database keeps in a text, parts them too."""
    return tuple(_term(word) for word in search.replace("\0", " ").split()[:MOST_TERMS])


def _term(word: str) -> Term:
    """Return a word with the built-ins that it means, whichever language it is in."""
    titles = {name: [data_title(name, name, language) for language in LANGUAGES] for name in EXAMPLE_NAMES}
    meant = [
        name for name, found in titles.items() if any(word.casefold() in each.casefold() for each in found)
    ]
    return Term(word, tuple(meant))
