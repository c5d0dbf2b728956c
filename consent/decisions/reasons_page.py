"""The public page that explains every reason of a decision: ``docs/decisions-api.md`` as HTML."""

from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from paktaleem.foundation.public.pages import public_page

__all__ = ["show_reasons"]

_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["heading", "emphasis", "backticks"])


@require_safe
def show_reasons(request: HttpRequest) -> HttpResponse:
    """Show the reasons, each in a section with its code as anchor; the text is in English only."""
    return public_page(
        request, "decisions/reasons.html", same_for_all=True, title=_("Reasons of a decision"), body=_render_reasons()
    )


@cache
def _render_reasons() -> SafeString:
    text = (Path(settings.BASE_DIR) / "docs" / "decisions-api.md").read_text(encoding="utf-8")
    body = text.partition("\n")[2]  # the page has its own title
    tokens = _MARKDOWN.parse(body)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", content.content)
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return SafeString(html)  # safe: the renderer escapes all text, and the file is ours
