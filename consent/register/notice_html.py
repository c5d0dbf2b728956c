"""Notices as HTML: headings, lists, paragraphs and emphasis of Markdown (CommonMark), nothing else.

Everything else is escaped: no HTML, links or images, so that a notice cannot inject content.
"""

from functools import lru_cache

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["heading", "list", "emphasis"])
_DEEPEST = 6


@lru_cache(maxsize=512)
def render_notice(text: str) -> SafeString:
    """Render a notice's text as HTML; headings start at the second level, and no level is skipped."""
    tokens = _MARKDOWN.parse(text)
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            depth = int(token.tag[1])
            above = [*(one for one in above if one < depth), depth]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(len(above) + 1, _DEEPEST)}"
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return SafeString(html)  # safe: the renderer escapes all text, and only the rules above are enabled
