"""Decisions that change when two records are linked as one person, or taken apart: for the preview."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from consent.decisions.decision import Decision, Question
from consent.decisions.reasons import Reason
from consent.decisions.selectors.decisions import decide_from_facts
from consent.notices.selectors.purposes import find_purposes
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Register
from paktaleem.directory.merges.effects import UNDO, MergeEffect
from paktaleem.directory.people.models import Subject

__all__ = ["find_merge_effects"]

_FACTS = "SELECT consent_subject_facts(%s, NULL)::text, consent_subject_facts(%s, NULL)::text"


def find_merge_effects(main: Subject, other: Subject, kind: str, at: datetime) -> Iterator[MergeEffect]:
    """Yield each purpose and record of which the decision to process would differ, in the client's context.

    Connected to ``merges.effects``.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [main.external_id, other.external_id])
        texts = cursor.fetchone()
    if None in texts:
        return
    pair = [json.loads(text) for text in texts]
    change = _take_apart if kind == UNDO else _put_together
    register = current_register(main.client_id)
    for record, text, after in zip((main, other), texts, change(*pair), strict=True):
        yield from _compare(record, text, json.dumps(after), register, at)


def _put_together(main: dict[str, Any], other: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of both records as if they were linked: each with the other, and with what the main one has."""
    linked = main["linked"] or []
    alone = {**main, "linked": None}
    return {**main, "linked": [*linked, {**other, "linked": None}]}, {**other, "linked": [alone, *linked]}


def _take_apart(main: dict[str, Any], other: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of both records as if the other one were not linked."""
    kept = [one for one in main["linked"] or [] if one["id"] != other["id"]]
    return {**main, "linked": kept}, {**other, "linked": None}


def _compare(record: Subject, before: str, after: str, register: Register, at: datetime) -> Iterator[MergeEffect]:
    names = find_purposes(record.client_id, register.purposes)
    for code, rule in sorted(register.purposes.items()):
        if not rule.active:
            continue
        question = Question(purpose=code, at=at)
        now, _facts = decide_from_facts(before, register, question)
        then, _facts = decide_from_facts(after, register, question)
        if (now.allowed, now.reason) != (then.allowed, then.reason):
            yield MergeEffect(record, str(names.get(code, code)), _describe(now), _describe(then))


def _describe(decision: Decision) -> str:
    if decision.reason is Reason.PERMITTED:
        return gettext("Allowed")
    return gettext("Denied: {reason}").format(reason=gettext(decision.reason.value.replace("_", " ")))
