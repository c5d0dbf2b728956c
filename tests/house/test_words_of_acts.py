"""Every act that is recorded, and every event that is sent, has its words, in English and in Urdu.

Kinds of acts are found in the code: what is handed to a function that records, and every constant of a family of
acts but those that name a job, an actor or an event. A kind that is put together has its parts told here.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from django.utils.translation import override
from procrastinate.contrib.django import app as jobs

from children.concerns.models import FAMILIES as CASE_FAMILIES
from children.invitations.services.following import _WRITTEN
from children.models import Decision
from consent.models import ConsentState, ResponseKind
from consent.paper.models import EntryState
from paktaleem.ledger.words import ACTS, FAMILIES, act_in_words
from paktaleem.signin.letters import CHANGES
from paktaleem.subjects.models import SubjectEvent
from paktaleem.systems.states import KIND_OF_ENTRY
from paktaleem.webhooks.events import EVENTS, INVALIDATED, TEST, patterns
from paktaleem.webhooks.words import event_in_words, pattern_in_words
from tests.house.offenders import refuse_any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
KIND = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
RECORDS = re.compile(r"_?record\w*|make_entry|write_down")
URDU = re.compile("[\u0600-\u06ff]")
CASE_STEPS = ("received", "read", "closed", "forgotten")
PUT_TOGETHER: dict[str, list[str]] = {
    "answer.{state}": [f"answer.{state}" for state in EntryState.values],
    "consent.{event.state}": [f"consent.{state}" for state in ConsentState.values],
    "guardian.{_WRITTEN[kind.code]}": [f"guardian.{written}" for written in _WRITTEN.values()],
    "guardian.{answer.decision}": [f"guardian.{decision}" for decision in Decision.values],
    "notice.{kind.value}": [f"notice.{kind}" for kind in ResponseKind.values],
    "order.{state}": list(KIND_OF_ENTRY.values()),
    "subject.{closed.value}": ["subject.account_closed"],
    "subject.{kind}": [f"subject.{code}" for code, _ in SubjectEvent._meta.get_field("kind").flatchoices],
    "user.{change}": [f"user.{change}" for change in CHANGES if change != "factors_reset"],
    "{row.family}.{step}": [
        *(f"{family}.{step}" for family in CASE_FAMILIES for step in CASE_STEPS),
        *(f"rights_request.{step}" for step in ("ordered", "orders_answered")),
    ],
}
"""What a kind that is put together may be. ``factors_reset`` is told, and recorded by another name."""
NO_ACTS = {
    "answers.csv",
    "answers.xlsx",
    "consent.invalidate_false",
    "consent.paper",
    "consent.receipts",
    "consent.shown",
    "consent.urls",
    "form.typ",
    "sandbox.forgetting",
}
"""Names of actors, salts, files and modules that look like an act."""
OF_EVENTS = {ROOT / "paktaleem" / "webhooks" / name for name in ("events.py", "words.py")}
"""What is sent is no act by itself."""


def trees() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts and path not in OF_EVENTS:
                yield ast.parse(path.read_text(encoding="utf-8"))


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def kinds_in(tree: ast.AST) -> Iterator[str]:
    """Every constant that may be a kind, and the whole of one that is put together."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
            yield node.value
        if isinstance(node, ast.JoinedStr) and re.match(r"([a-z_]+|\{[\w.]+\})\.\{", whole := ast.unparse(node)[2:-1]):
            yield whole


@cache
def recorded() -> set[str]:
    """The kinds of every act that the code records."""
    found = set()
    for tree in trees():
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and RECORDS.fullmatch(name_of(node)))
        found |= {kind for call in calls for given in call.args[:1] for kind in kinds_in(given)}
        found |= {kind for kind in kinds_in(tree) if kind.partition(".")[0] in FAMILIES}
    return {one for kind in found - NO_ACTS - set(jobs.tasks) for one in parts_of(kind)}


def parts_of(kind: str) -> Iterator[str]:
    if "{" not in kind:
        yield kind
        return
    assert kind in PUT_TOGETHER, f"say in PUT_TOGETHER what {kind} may be"
    yield from PUT_TOGETHER[kind]


def test_every_act_that_is_recorded_has_its_words() -> None:
    found = recorded()
    assert len(found) > 120
    assert not found - set(ACTS), "give them their words in paktaleem/ledger/words.py"
    assert not {kind.partition(".")[0] for kind in ACTS} ^ set(FAMILIES)


def test_no_words_are_kept_for_what_is_recorded_nowhere() -> None:
    assert not set(ACTS) - recorded()


def test_every_event_follows_from_an_act_that_is_recorded() -> None:
    assert not {event.kind for event in EVENTS} - recorded()


EVERY_EVENT = sorted({*(event.type for event in EVENTS), INVALIDATED, TEST})


SAID: list[tuple[Callable[[str], str], str]] = [
    *((act_in_words, kind) for kind in ACTS),
    *((event_in_words, event) for event in EVERY_EVENT),
    *((pattern_in_words, pattern) for pattern in patterns()),
]


def badly_said(say: Callable[[str], str], code: str) -> list[str]:
    """What is wrong with the words of a code: the code itself, a dot left in, no Urdu."""
    with override("en"):
        english = say(code)
    with override("ur"):
        urdu = say(code)
    wrong = [english] if english == code or "." in english else []
    return wrong if URDU.search(urdu) else [*wrong, urdu]


def test_acts_and_events_are_said_in_both_languages() -> None:
    refuse_any((code, badly_said(say, code)) for say, code in SAID)


def test_what_is_badly_said_is_seen() -> None:
    assert badly_said(lambda code: code, "consent.given") == ["consent.given", "consent.given"]
    assert badly_said(lambda _: "Consent given", "consent.given") == ["Consent given"]
    assert badly_said(lambda _: "consent.یہ", "consent.given") == ["consent.یہ"]


def test_an_act_that_is_recorded_no_more_is_shown_by_its_code() -> None:
    assert act_in_words("consent.whispered") == event_in_words("consent.whispered") == "consent.whispered"
