"""Answers to questions about a person that differ between two sets of facts: for previews of acts."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext

from consent.decisions.facts import Decision, Question
from consent.decisions.reasons import Reason
from consent.decisions.selectors.decisions import decide_from_facts
from consent.register.compiled import Register


class ChangedAnswer(NamedTuple):
    """One purpose (code) of which the decision differs, and both answers in words."""

    purpose: str
    now: str
    after: str


def compare_answers(before: str, after: str, register: Register, at: datetime) -> Iterator[ChangedAnswer]:
    """Yield each active purpose of which the decision to process differs; the facts are texts of JSON."""
    for code, rule in sorted(register.purposes.items()):
        if not rule.active:
            continue
        question = Question(purpose=code, at=at)
        now, _facts = decide_from_facts(before, register, question)
        then, _facts = decide_from_facts(after, register, question)
        if (now.allowed, now.reason) != (then.allowed, then.reason):
            yield ChangedAnswer(code, _describe(now), _describe(then))


def _describe(decision: Decision) -> str:
    if decision.reason is Reason.PERMITTED:
        return gettext("Allowed")
    return gettext("Denied: {reason}").format(reason=gettext(decision.reason.value.replace("_", " ")))
