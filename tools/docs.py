"""The parts of docs/ that follow from tables in Python: ``python -m tools.docs`` writes them anew.

The table of webhook events follows from the ledger entries that apps declare, the sentence of each reason from
``consent.decisions.reasons``, the table of problem types from the exception classes, the text of the page
``/docs/reasons/`` from ``docs/decisions-api.md``. ``tests/project/test_docs.py`` fails where they are not current.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import django
from markdown_it import MarkdownIt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
django.setup()

from consent.decisions.reasons import Reason, remedy_for  # noqa: E402 -- the apps must be there first
from paktaleem.directory.webhooks.events import EVENTS, INVALIDATED  # noqa: E402
from tools.problem_types import with_problem_types  # noqa: E402

DOCS = Path(__file__).resolve().parents[1] / "docs"
REASONS = DOCS / "decisions-api.md"
MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["heading", "emphasis", "backticks"])
TABLE = re.compile(r"(\| family \| events \|[^\n]*\n\|---\|---\|---\|\n)(?:\|[^\n]*\n)+")
REMEDY = re.compile(r"(^## (\w+)\n(?:(?!^## )[^\n]*\n)*?)\*What would help:\* [^\n]*\n", re.MULTILINE)


def with_events(page: str) -> str:
    """The page with the table of events as it should be."""
    return TABLE.sub(lambda found: found[1] + "".join(f"{row}\n" for row in event_rows()), page)


def event_rows() -> list[str]:
    """One row for each family and list of facts."""
    rows = defaultdict(list)
    for event in EVENTS:
        rows[event.type.partition(".")[0], event.facts].append(event.type.partition(".")[2])
    rows[INVALIDATED.partition(".")[0], ("purpose",)].append(INVALIDATED.partition(".")[2])
    return [
        f"| `{family}` | `{' '.join(dict.fromkeys(events))}` | {', '.join(f'`{fact}`' for fact in facts) or '–'} |"
        for (family, facts), events in sorted(rows.items(), key=lambda row: row[0][0])
    ]


def with_remedies(page: str) -> str:
    """The page with each reason's sentence as it should be."""

    def as_answered(found: re.Match[str]) -> str:
        remedy = remedy_for(Reason(found[2]))
        assert remedy, found[2]
        return f"{found[1]}*What would help:* {remedy.sentence}\n"

    return REMEDY.sub(as_answered, page)


def as_reasons_page(_page: str) -> str:
    """The text of the reasons as HTML, each section with its code as anchor."""
    body = current(REASONS).partition("\n")[2]  # the page has its own title
    tokens = MARKDOWN.parse(body)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", content.content)
    return str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))


PAGES: dict[Path, Callable[[str], str]] = {
    DOCS / "lms-developer.md": with_events,
    REASONS: with_remedies,
    DOCS / "problem-types.md": with_problem_types,
    DOCS.parent / "templates" / "decisions" / "reasons_text.html": as_reasons_page,
}


def current(path: Path) -> str:
    """Return the text that a page should have."""
    return PAGES[path](path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(current(page), encoding="utf-8")
