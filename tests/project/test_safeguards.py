"""No one alone weakens what protects a person: every act of the console and call of the API is in one table.

An act that weakens a protection waits for a second person, needs recent authentication and a ground in words; the
second person sees who requested it, why, and what it changes. An act missing from acts.py fails the build.
"""

from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest

from consent.register.admin.safeguards import SafeguardedAdmin
from paktaleem.foundation.accounts.roles import SENSITIVE
from paktaleem.foundation.console.row_actions import Weakens
from paktaleem.foundation.console.site import site
from tests.accounts.officers import second_officer_user
from tests.console.pages import row_url
from tests.project.acts import ALONE, DECIDES, PAGE, TABLE
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import API
from tests.project.test_two_people import OF_OTHERS, RULES
from tests.signing_in import browser_of

ADMINS: list[Any] = list(site._registry.values())
DECISIONS = ("/approve", "/agree", "/decline")
"""Acts by which a second person decides; declining changes nothing."""

WEAKENS = {act: why for act, (why, _) in TABLE.items() if why in RULES | OF_OTHERS}


@dataclass(frozen=True)
class ConsoleAct:
    """The declaration of an act of the console: step-up, ground, and if its page shows the request it decides."""

    steps_up: bool
    asks_ground: bool
    shows_request: bool = False


def list_console_acts():
    found: dict[str, ConsoleAct] = {}
    for admin in ADMINS:
        name = f"{admin.opts.app_label}/{admin.opts.model_name}"
        asks_ground = "ground" in admin.form.declared_fields or "ground" in admin.row_fields
        is_safeguarded = isinstance(admin, SafeguardedAdmin) or admin.add_weakens
        for slug, capability in {"add": admin.add_capability, "change": admin.change_capability}.items():
            if capability:
                found[f"{name}/{slug}"] = ConsoleAct(is_safeguarded or capability in SENSITIVE, asks_ground)
        found |= {f"{name}/{act.slug}": read_act(act) for act in admin.all_acts()}
    return found


def read_act(act):
    weakens = act.weakens is not Weakens.NEVER
    asks_ground = weakens or "ground" in act.form.base_fields
    return ConsoleAct(act.is_sensitive or weakens, asks_ground, act.find_requested is not None)


CONSOLE = list_console_acts()


def list_calls():
    for route, calls in API.items():
        yield from (f"{method}:{route}" for method, *_ in calls if method != "get")


def is_decision(act):
    return act.endswith(DECISIONS)


def test_each_act_is_in_the_table():
    listed = {act for act, (why, _) in TABLE.items() if why != PAGE}
    acts = {*CONSOLE, *list_calls()}
    refuse_any((act, "" if act in listed else "is not in the table") for act in sorted(acts))
    refuse_any((act, "" if act in acts else "exists no longer") for act in sorted(listed))


def test_each_reason_is_a_rule_of_two_people_or_says_why_one_person_may_act():
    refuse_any((act, "" if why in {*RULES, *OF_OTHERS, *ALONE} else why) for act, (why, _) in TABLE.items())
    refuse_any(
        (act, "" if is_decision(act) == (why == DECIDES) else "is listed as no decision, or as one")
        for act, (why, _) in TABLE.items()
    )


def test_each_act_that_weakens_needs_recent_authentication():
    refuse_any((act, "" if CONSOLE[act].steps_up else "no step-up") for act in WEAKENS if act in CONSOLE)


WITHOUT_GROUND = {"consent.Assessment", "consent.NoticeDraft"}
"""A second person reads the new text, or the answers, themselves."""


def test_each_act_that_weakens_asks_for_a_ground_in_words():
    acts = {act: CONSOLE[act] for act, rule in WEAKENS.items() if act in CONSOLE and rule not in WITHOUT_GROUND}
    refuse_any((act, "" if declared.asks_ground else "no ground") for act, declared in acts.items())


DECIDES_FIRST = "disposals/batch/approve"
"""A large disposal is then a ``SafeguardChange``, which the second person approves."""


def list_decisions():
    decisions = {act: CONSOLE[act] for act in CONSOLE if is_decision(act) and not act.endswith("/decline")}
    return {act: declared for act, declared in decisions.items() if act != DECIDES_FIRST}


def test_each_decision_of_a_second_person_needs_recent_authentication_and_shows_the_request():
    decisions = list_decisions()
    refuse_any((act, "" if declared.steps_up else "no step-up") for act, declared in decisions.items())
    refuse_any((act, "" if declared.shows_request else "shows no request") for act, declared in decisions.items())


ELSEWHERE = {"consent/objection/agree"}
"""It shows words about a person whose reading is recorded; its own tests look at it."""


@pytest.mark.parametrize("act", sorted({*list_decisions()} - ELSEWHERE))
def test_the_page_of_a_decision_shows_who_requested_what_and_why(act, rows, cast_of_rows):
    model, _, slug = act.rpartition("/")
    url = row_url(model, rows.get(act) or rows[model], slug)
    people = [cast_of_rows.user("amina"), cast_of_rows.user("farah"), second_officer_user()]
    pages = [browser_of(person).get(url) for person in people]
    page = next(page for page in pages if page.status_code == 200)
    facts = dict(page.context["facts"])
    assert {"Requested by", "Requested", "Ground"} <= {*facts}
    effect = {*facts} - {"Requested by", "Requested", "Ground"}
    text = unescape(page.content.decode())
    assert effect or "What it changes" in text
    assert str(facts["Ground"]) in text
