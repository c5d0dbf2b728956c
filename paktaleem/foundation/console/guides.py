"""The chapters of ``docs/`` as pages of the console, and the chapter that explains each section of the menu.

They are Markdown in English; pictures are left out, since the reader is on the pages that they show.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.token import Token

CHAPTERS = {
    "console": "The console, for officers and administrators",
    "glossary": "Glossary",
    "lms-developer": "For developers of a learning platform",
    "decisions-api": "The decision API",
    "problem-types": "Errors of the API",
    "worked-example": "A worked example",
    "operator": "For operators",
}
"""Files of ``docs/`` that the console serves, most read first, with their titles in English."""
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_FILE = re.compile(r"(?P<chapter>[\w-]+)\.md(?P<place>#.+)?")


def show_guides(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    chapters = [(reverse("admin:guide", args=[name]), title) for name, title in CHAPTERS.items()]
    return render(request, "console/guides.html", {**context, "title": gettext("Help"), "chapters": chapters})


def show_guide(request: HttpRequest, chapter: str, context: dict[str, object]) -> HttpResponse:
    """Show a chapter. Raises Http404 if there is none of this name."""
    if chapter not in CHAPTERS:
        raise Http404
    values = {"title": CHAPTERS[chapter], "text": render_chapter(chapter), "headings": list_headings(chapter)}
    return render(request, "console/guide.html", {**context, **values})


@cache
def render_chapter(chapter: str) -> SafeString:
    """Return a chapter as HTML, without its title: headings have the ids of GitHub, tables can be scrolled."""
    tokens = [one for token in _tokens(chapter) for one in _adapt(token)]
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    return mark_safe(html)  # noqa: S308 -- no HTML of the source


@cache
def list_headings(chapter: str) -> list[tuple[str, str]]:
    tokens = _tokens(chapter)
    return [
        (str(one.attrs["id"]), tokens[index + 1].content)
        for index, one in enumerate(tokens)
        if one.type == "heading_open" and one.tag == "h2"
    ]


@cache
def _tokens(chapter: str) -> Sequence[Token]:
    source = (Path(settings.BASE_DIR) / "docs" / f"{chapter}.md").read_text(encoding="utf-8")
    tokens = _MARKDOWN.parse(re.split(r"^# .+$", source, maxsplit=1, flags=re.MULTILINE)[-1])
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrs["id"] = re.sub(r"[^\w\- ]", "", tokens[index + 1].content.lower()).replace(" ", "-")
    return tokens


def _adapt(token: Token) -> Iterator[Token]:
    if token.type in {"th_open", "td_open"}:
        token.attrs.pop("style", None)  # the policy refuses it
    if token.type == "table_open":
        yield Token("html_block", "", 0, content='<div class="tablewrap">')
    if token.children:
        token.children = list(_adapt_links(token.children))
    yield token
    if token.type == "table_close":
        yield Token("html_block", "", 0, content="</div>")


def _adapt_links(children: Sequence[Token]) -> Iterator[Token]:
    is_dropped = False
    for one in children:
        if one.type == "link_open":
            target = str(one.attrs.get("href", ""))
            url = target if target.startswith(("https://", "#")) else ""  # none for a file that is not served
            if (found := _FILE.fullmatch(target)) and found["chapter"] in CHAPTERS:
                url = reverse("admin:guide", args=[found["chapter"]]) + (found["place"] or "")
            is_dropped = not url
            one.attrs["href"] = url
        if one.type != "image" and not (is_dropped and one.type in {"link_open", "link_close"}):
            yield one
