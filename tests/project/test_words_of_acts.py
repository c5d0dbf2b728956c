"""Every recorded act and every published event has a label in English and in Urdu.

The kinds of acts are found in the code: arguments of recording functions, and constants in a family of acts, except
names of jobs, actors and events. Kinds built by f-strings are listed here.
"""

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.utils.translation import override
from procrastinate.contrib.django import app as jobs

from children.guardians.models import Decision
from children.invitations.services.answering import _WRITTEN
from consent.consents.models import ConsentState
from consent.notices.models import ResponseKind
from paktaleem.directory.data_systems.states import KIND_OF_ENTRY
from paktaleem.directory.people.models import SubjectEvent
from paktaleem.directory.staff.sign_in.tasks import CHANGES
from paktaleem.directory.webhooks.admin import event_label, pattern_label
from paktaleem.directory.webhooks.events import EVENTS, INVALIDATED, TEST, patterns
from paktaleem.foundation.audit import names
from paktaleem.foundation.audit.names import ACT_NAMES, FAMILY_NAMES, check_declarations, get_act_name
from rights.requests.services.clock import _NAMES
from tests.project.offenders import refuse_any
from tests.project.test_house import parsed, walk

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
KIND = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
RECORDS = re.compile(r"_?record\w*|make_entry|write_down")
URDU = re.compile("[\u0600-\u06ff]")
_NAMED_OTHERWISE = {"factors_reset", "recovery_proposed", "role_given", "role_locked"}
PUT_TOGETHER: dict[str, list[str]] = {
    "answer.{state}": ["answer.confirmed", "answer.dismissed"],
    "consent.{event.state}": [f"consent.{state}" for state in ConsentState.values],
    "guardian.{_WRITTEN[kind.code]}": [f"guardian.{written}" for written in _WRITTEN.values()],
    "guardian.{answer.decision}": [f"guardian.{decision}" for decision in Decision.values],
    "notice.{kind.value}": [f"notice.{kind}" for kind in ResponseKind.values],
    "order.{state}": list(KIND_OF_ENTRY.values()),
    "rights_request.{_NAMES[step.kind]}": [f"rights_request.{name}" for name in _NAMES.values()],
    "subject.{event_kind.value}": ["subject.account_closed", "subject.active"],
    "subject.{kind}": [f"subject.{code}" for code, _ in SubjectEvent._meta.get_field("kind").flatchoices],
    "user.{change}": [f"user.{change}" for change in CHANGES if change not in _NAMED_OTHERWISE],
}
"""The values of kinds built by f-strings. Some changes of accounts are notified, and recorded under another name."""
_NO_ACTS = """
    sandbox.clock sandbox.inventories subject.external_id people.revealed_in_bulk staff.not_allowed staff.not_found
    sign_in.refused consent.checks_before_lift consent.cookies consent.noticedraft consent.purpose hold.subject_id
    consent.invalidate_false consent.service_orders consent.objection consent.paper consent.receipts.receipt
    consent.notices.notice_tokens consent.restriction consent.public_sections consent.agreements
    consent.serviceagreement consent.disclosures consent.sharing consent.starter_parts consent.urls form.typ
    guardian.external_id staff.providersecret message.eml message.type objection.grounds people.age_change_settled
    people.before_erasure people.child_revealed people.minor_revealed people.{kind} people.csv sample.toml
    people.erasure_blockers people.erasure_holds people.erasure_locks people.erasure_started people.event_recorded
    people.personal_rows people.subject people.xlsx purpose.code recipient.code retention.before_disposal rights.holds
    sandbox.forgetting schools.rosterimport schools.term schools.schoolclass system.code
"""
NO_ACTS = set(_NO_ACTS.split())
"""Names of actors, salts, files, fields, models, modules and extension points that look like a kind of act."""
OF_EVENTS = {"apps.py", "events.py"}
"""Modules that declare kinds and types of events record nothing."""


def trees():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts and path.name not in OF_EVENTS:
                yield parsed(path)


def name_of(call):
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def kinds_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
            yield node.value
        if isinstance(node, ast.JoinedStr) and re.match(r"([a-z_]+|\{[\w.]+\})\.\{", whole := ast.unparse(node)[2:-1]):
            yield whole


@cache
def recorded():
    found = set()
    for tree in trees():
        calls = (node for node in walk(tree) if isinstance(node, ast.Call) and RECORDS.fullmatch(name_of(node)))
        found |= {kind for call in calls for given in call.args[:1] for kind in kinds_in(given)}
        found |= {kind for kind in kinds_in(tree) if kind.partition(".")[0] in FAMILY_NAMES}
    return {one for kind in found - NO_ACTS - set(jobs.tasks) for one in parts_of(kind)}


def parts_of(kind):
    if "{" not in kind:
        yield kind
        return
    assert kind in PUT_TOGETHER, f"say in PUT_TOGETHER what {kind} may be"
    yield from PUT_TOGETHER[kind]


def test_every_act_that_is_recorded_has_its_words():
    found = recorded()
    assert len(found) > 120
    missing = found - set(ACT_NAMES)
    assert not missing, "declare them in the ledger of their app (apps.py)"


def test_no_words_are_kept_for_what_is_recorded_nowhere():
    assert not set(ACT_NAMES) - recorded()


def test_what_is_declared_twice_or_for_nothing_is_refused(monkeypatch):
    assert check_declarations() == []
    monkeypatch.setattr(names, "ENTRY_KINDS", [*names.ENTRY_KINDS, names.ENTRY_KINDS[0]])
    monkeypatch.setattr(names, "_FAMILIES", [*names._FAMILIES, ("whisper", "Whispers"), names._FAMILIES[0]])
    monkeypatch.setattr(names, "_FACTS", [*names._FACTS, names._FACTS[0]])
    assert [error.msg for error in check_declarations()] == [
        "Ledger: access_review.confirmed is declared twice.",
        f"Ledger: family {names._FAMILIES[0][0]} is declared twice.",
        f"Ledger: fact {names._FACTS[0][0]} is declared twice.",
        "Ledger: the family whisper has no kind of entry.",
    ]


def test_every_event_follows_from_an_act_that_is_recorded():
    assert not {event.kind for event in EVENTS} - recorded()


EVERY_EVENT = sorted({*(event.type for event in EVENTS), INVALIDATED, TEST})


SAID: list[tuple[Callable[[str], str], str]] = [
    *((get_act_name, kind) for kind in ACT_NAMES),
    *((event_label, event) for event in EVERY_EVENT),
    *((pattern_label, pattern) for pattern in patterns()),
]


def badly_said(say, code):
    with override("en"):
        english = say(code)
    with override("ur"):
        urdu = say(code)
    wrong = [english] if english == code or "." in english else []
    return wrong if URDU.search(urdu) else [*wrong, urdu]


def test_acts_and_events_are_said_in_both_languages():
    refuse_any((code, badly_said(say, code)) for say, code in SAID)


def test_what_is_badly_said_is_seen():
    assert badly_said(lambda code: code, "consent.given") == ["consent.given", "consent.given"]
    assert badly_said(lambda _: "Consent given", "consent.given") == ["Consent given"]
    assert badly_said(lambda _: "consent.یہ", "consent.given") == ["consent.یہ"]


def test_an_act_that_is_recorded_no_more_is_shown_by_its_code():
    assert get_act_name("consent.whispered") == event_label("consent.whispered") == "consent.whispered"
