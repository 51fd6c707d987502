"""Blocks that a report is made of; `templates/blocks.html` draws each kind."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup


class Para(NamedTuple):
    """Paragraph; `look` is plain, lead, hint or warning."""

    text: str
    look: str = "plain"
    kind: str = "para"


class Sub(NamedTuple):
    """Heading within a section."""

    text: str
    kind: str = "sub"


class Bullets(NamedTuple):
    """List of sentences."""

    items: tuple[str, ...]
    is_numbered: bool = False
    kind: str = "bullets"


class Facts(NamedTuple):
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "facts"


class Table(NamedTuple):
    """Table; the first cell of a row is its name."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_dense: bool = False
    kind: str = "table"


class Phrase(NamedTuple):
    """Question that is asked in a meeting, and what to say."""

    question: str
    answer: str
    kind: str = "phrase"


class Picture(NamedTuple):
    """Figure with the text around it."""

    svg: Markup
    title: str
    description: str
    notes: tuple[str, ...]
    kind: str = "picture"


class Code(NamedTuple):
    """Text for machines, as it is."""

    text: str
    kind: str = "code"


Block = Para | Sub | Bullets | Facts | Table | Phrase | Picture | Code


class Section(NamedTuple):
    """Part of the report."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def groups(self) -> list[list[Block]]:
        """Return blocks that stay on one page: a heading with what follows it, and a hint between them."""
        groups: list[list[Block]] = []
        for block in self.blocks:
            last = groups[-1] if groups else []
            if last and isinstance(last[0], Sub) and (len(last) == 1 or _is_hint(last[-1])):
                last.append(block)
            else:
                groups.append([block])
        return groups


def _is_hint(block: Block) -> bool:
    return isinstance(block, Para) and block.look == "hint"
