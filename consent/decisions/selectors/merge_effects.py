"""Decisions that change when two records are linked as one person, or taken apart: for the preview."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from consent.decisions.selectors.answers_that_change import compare_answers
from consent.notices.selectors.registers import current_register
from paktaleem.directory.merges.effects import UNDO, MergeEffect
from paktaleem.directory.people.models import Subject

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
        for one in compare_answers(text, json.dumps(after), register, at):
            yield MergeEffect(record, *one)


def _put_together(main: dict[str, Any], other: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of both records as if they were linked: each with the other, and with what the main one has."""
    linked = main["linked"] or []
    alone = {**main, "linked": None}
    return {**main, "linked": [*linked, {**other, "linked": None}]}, {**other, "linked": [alone, *linked]}


def _take_apart(main: dict[str, Any], other: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of both records as if the other one were not linked."""
    kept = [one for one in main["linked"] or [] if one["id"] != other["id"]]
    return {**main, "linked": kept}, {**other, "linked": None}
