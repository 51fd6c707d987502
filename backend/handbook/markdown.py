"""Markdown to HTML: raw HTML off, GitHub's anchors, code coloured by classes, tables that scroll."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from muscope.backend.handbook.links import Links
from muscope.backend.handbook.outline import Page

# Boxes: `::: note` … `:::`.
BOXES = ("note", "warning")
_JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_DEEPEST = 4  # headings below this level get no anchor


@dataclass(frozen=True)
class Section:
    """A heading with the plain text below it: the unit that a search finds."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """HTML of a page and its sections, the first one being the page itself."""

    html: str
    sections: tuple[Section, ...]


def slug(title: str) -> str:
    """Return the anchor of a heading as GitHub makes it, so that links work in both places."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip())


def render(page: Page, text: str, links: Links) -> Rendered:
    """Render one page; `text` is its Markdown with generated parts in place."""
    markdown = _markdown()
    tokens = markdown.parse(text)
    for token in tokens:
        for child in token.children or ():
            _lead(child, page, links)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Rendered(html, tuple(_sections(tokens)))


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.use(anchors_plugin, max_level=_DEEPEST, slug_func=slug)
    for box in BOXES:
        markdown.use(container_plugin, box)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    markdown.add_render_rule("softbreak", _softbreak)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    return markdown


def _lead(token: Token, page: Page, links: Links) -> None:
    """Give a link or a picture the address it has on the site; what the site lacks is not linked."""
    if token.type == "link_open":
        address = links.of_link(page, str(token.attrs["href"]))
        if address is None:
            token.attrs = {}
        else:
            token.attrs["href"] = address
    elif token.type == "image":
        token.attrs["src"] = links.of_picture(page, str(token.attrs["src"])) or ""


def _fence(
    _self: RendererProtocol, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: Any
) -> str:
    token = tokens[index]
    language = (token.info.split() or [""])[0]
    return f'<pre class="code" tabindex="0"><code>{_coloured(token.content, language)}</code></pre>\n'


def _coloured(code: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return escapeHtml(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _softbreak(_self: RendererProtocol, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """Join Japanese lines without the blank that a line break is elsewhere."""
    around = tokens[max(0, index - 1)].content[-1:] + tokens[index + 1].content[:1]
    return "" if _JAPANESE.search(around) else "\n"


def _table_open(*_: Any) -> str:
    return '<div class="table" tabindex="0" role="group"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    anchor, title, texts = "", "", list[str]()
    for previous, token in zip([None, *tokens], tokens, strict=False):
        if previous is not None and previous.type == "heading_open":
            if title:
                yield Section(anchor, title, " ".join(texts))
            anchor = str(previous.attrs.get("id", "")) if previous.tag != "h1" else ""
            title, texts = _plain(token), []
        elif token.type == "inline":
            texts.append(_plain(token))
        elif token.type in ("fence", "code_block"):
            texts.append(token.content)
    if title:
        yield Section(anchor, title, " ".join(texts))


def _plain(token: Token) -> str:
    """Return the words of an inline token without its marks."""
    kinds = {"text": None, "code_inline": None, "softbreak": " ", "hardbreak": " "}
    children = token.children or []
    return "".join(kinds[child.type] or child.content for child in children if child.type in kinds)
