"""Consent forms as PDF, in English and Urdu side by side. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from consent.register.compiled import PurposeText
from paktaleem.foundation.text.typesetting import typeset

_HERE = Path(__file__).resolve().parent
_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["heading", "list", "emphasis"])
"""The same rules as consent/notices/views.py: headings, lists, paragraphs and emphasis; everything else is
text."""

type Both = tuple[str, str]
"""A text in English and in Urdu."""


@dataclass(frozen=True, slots=True)
class Question:
    """One purpose with its notice; ``notice`` is the same for purposes that share one."""

    code: str
    purpose: tuple[PurposeText, PurposeText]
    notice: str
    title: Both
    text: Both
    version: int


@dataclass(frozen=True, slots=True)
class PrintedUse:
    purpose: tuple[PurposeText, PurposeText]
    data: Both
    recipients: str


@dataclass(frozen=True, slots=True)
class ServiceQuestion:
    """The question about the use of the platform, and whether outside recipients are asked about separately."""

    uses: Sequence[PrintedUse]
    asks_sharing: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One person's page; ``service`` is the key of the question about the service, on a form for guardians."""

    reference: str
    name: str
    person: str
    purposes: Sequence[str]
    service: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The content of a form; ``address`` is where answers are changed. ``for_guardians``: each page is on a child."""

    client: str
    group: str
    address: str
    contact: str
    questions: Sequence[Question]
    pages: Sequence[Page]
    for_guardians: bool = False
    policy: str = ""
    services: Mapping[str, ServiceQuestion] = field(default_factory=dict)


def render_pdf(form: Form) -> bytes:
    """Return the form as PDF; each person's page starts a new sheet."""
    values = asdict(form)
    for question in values["questions"]:
        question["blocks"] = [_blocks(text) for text in question.pop("text")]
    values["questions"] = {question["code"]: question for question in values["questions"]}
    return typeset(_HERE / "form.typ", root=_HERE, name="form", values=values)


def _blocks(text: str) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    kinds: list[str] = []
    for token in _MARKDOWN.parse(text):
        if token.type.endswith("_open"):
            kinds.append(token.type.removesuffix("_open"))
        elif token.type.endswith("_close"):
            kinds.pop()
        elif token.type == "inline":
            block = "item" if "list_item" in kinds else "paragraph"
            kind = "heading" if "heading" in kinds else block
            blocks.append({"kind": kind, "runs": _runs(token.children or [])})
    return blocks


def _runs(tokens: Sequence[Token]) -> list[dict[str, object]]:
    runs: list[dict[str, object]] = []
    strong = False
    for token in tokens:
        if token.type in {"strong_open", "strong_close"}:
            strong = token.type == "strong_open"
        elif token.type in {"softbreak", "hardbreak"}:
            runs.append({"text": " ", "strong": strong})
        elif token.content:
            runs.append({"text": token.content, "strong": strong})
    return runs
