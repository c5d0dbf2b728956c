"""Every rule of two people is listed here, and refuses an approver who made or was made by the requester."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from children.guardians.models import GuardianChange
from children.guardians.services.guardians import end_guardian, settle_guardian_change
from consent.agreements.services import add_document, sign_agreement
from consent.consents.services.restrictions import object_to_purpose
from consent.notices.models import Notice, NoticeDraft
from consent.notices.services.publishing import announce_draft, publish_notice_version, save_draft
from consent.register.admin.safeguards import SafeguardedAdmin
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import Purpose
from consent.register.risk import read_questionnaires
from consent.register.services import change_register, request_safeguard_change
from consent.sharing.services import (
    decide_business_transfer,
    decide_legal_disclosure,
    request_business_transfer,
    request_legal_disclosure,
)
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.services.registering import end_system, propose_system_end
from paktaleem.directory.people.merges.services import decide_merge, propose_merge
from paktaleem.directory.people.models import AgeChange, Readmission
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.erasure import approve_readmission, erase_subject, request_readmission
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.staff.single_sign_on.services import decide_provider
from paktaleem.foundation.accounts.actors import Actor, key_actor
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change, find_waiting
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.roles import SENSITIVE
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ApproverNotIndependent
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import change_membership, decide_staff_change
from paktaleem.foundation.accounts.staff_ties import TIE_LIFE, TieKind, add_ties
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.row_actions import Weakens
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.upkeep.periods.services import request_period_change
from paktaleem.office.exits.services.ending import decide_exit, propose_exit
from retention.breaches.services import request_closing, write_to_client
from retention.disposals.models import Batch
from retention.disposals.services.batches import approve_disposal, open_disposal
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, lift_hold, place_hold
from rights.desk.cases import propose_overruling, settle_overruling
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from tests.accounts.officers import second_officer, second_officer_user
from tests.breaches.making import add_measures, assess, make_breach, send_letters
from tests.cast import Cast
from tests.children.guardians import make_guardian, record_answer, verified_guardian
from tests.console.pages import row_url
from tests.factories import OrderSpecFactory, make_system
from tests.merges.making import second_record
from tests.project.acts import ALONE, DECIDES, PAGE, TABLE
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import API
from tests.sharing.making import demand, transfer
from tests.signing_in import browser_of
from tests.single_sign_on.making import propose_sign_on

type Approve = Callable[[Actor, datetime], Any]
type Rule = Callable[[Cast, Actor, datetime], Approve]

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
SECOND_PERSON = ROOT / "paktaleem/foundation/accounts/second_person.py"
COMPARES = re.compile(
    r"(requested_by|proposed_by|named_by)\s*(==|!=)|(==|!=)\s*[\w.]*(requested_by|proposed_by|named_by)\b"
)


def settle(service, change):
    return lambda actor, at: service(change, approve=True, actor=actor, reason=Reason.REVIEW, at=at)


def client_change(cast, actor, at):
    client = cast.client("indus")
    client.serves_minors = False
    change_client(client, ground="The law has changed.", actor=actor, reason=Reason.REVIEW, at=at)
    return settle(decide_proposed_change, ProposedChange.objects.get())


def guardian_change(cast, actor, at):
    danish, esra = cast.subject("danish"), cast.subject("esra")
    other = make_guardian(cast.client("indus"), "other-guardian", at=at)
    refusing = verified_guardian(danish, other, at=at)
    verified_guardian(danish, esra, at=at)
    record_answer(danish, esra, "given", at=at)
    record_answer(danish, other, "refused", at=at)
    end_guardian(refusing, ground="The court decided.", actor=actor, at=at + timedelta(minutes=1))
    return settle(settle_guardian_change, GuardianChange.objects.get())


def age_change(cast, actor, at):
    client, born = cast.client("indus"), {"birth_date": date(1990, 1, 1)}
    register_subject("lms-danish", client=client, details=born, actor=actor, at=at)
    return settle(settle_age_change, AgeChange.objects.get())


def waiver(cast, actor, at):
    order = OrderSpecFactory(at=at, parent=Parent("test_case", new_id()))
    [issued] = issue_orders(cast.subject("danish"), order, actor=actor, at=at)
    propose_waiver(issued, ground="Shut down.", actor=actor, reason=Reason.REVIEW, at=at)
    return lambda approver, later: approve_waiver(issued, actor=approver, at=later)


def readmission(cast, actor, at):
    erase_subject(cast.subject("hamza"), actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)
    request_readmission("lms-hamza", ground="They asked for it.", actor=actor, client_id=cast.client_id("indus"), at=at)
    requested = Readmission.objects.get()
    return lambda approver, later: approve_readmission(requested, actor=approver, at=later)


def overruling(cast, actor, at):
    told: dict[str, Any] = {"actor": actor, "reason": Reason.SUBJECT_REQUEST, "at": at}
    objection = object_to_purpose(cast.subject("hamza"), purpose_code="platform_improvement", **told)
    propose_overruling(objection, ground="Court order 17/2026", actor=actor, at=at)
    return lambda approver, later: settle_overruling(objection, approve=True, actor=approver, at=later)


def erasure(cast, actor, at):
    return settle(
        decide_erasure,
        propose_erasure(
            cast.subject("hamza"), ground="The person asked for it.", actor=actor, reason=Reason.REVIEW, at=at
        ),
    )


def hold_lift(cast, actor, at):
    stamp: dict[str, Any] = {"actor": actor, "at": at}
    scope, review_on = HoldScope(), (at + timedelta(days=30)).date()
    hold = place_hold(
        cast.client("indus"), kind=HoldKind.LEGAL, scope=scope, ground="Case 12.", review_on=review_on, **stamp
    )
    lift_hold(hold, ground="Judgment of 3 May.", **stamp)
    return settle(decide_proposed_change, find_waiting(hold).get())


def disposal(cast, actor, at):
    open_disposal(cast.client("indus"), actor=actor, at=at)
    Batch.objects.update(decider="paktaleem", stage="review", size=1)  # as if PakTaleem were controller of its data
    approve_disposal(Batch.objects.get(), actor=actor, at=at)
    return settle(decide_proposed_change, find_waiting(Batch.objects.get()).get())


def safeguard_change(cast, actor, at):
    purpose = Purpose.objects.get(code="product_research", client_id=cast.client_id("indus"))
    purpose.needs_account = False
    return settle(decide_proposed_change, request_safeguard_change(purpose, ground="For alumni.", actor=actor, at=at))


def legal_disclosure(cast, actor, at):
    requested = request_legal_disclosure(cast.subject("hamza"), demand(at), actor=actor, at=at)
    return settle(decide_legal_disclosure, requested)


def business_transfer(_cast, actor, at):
    return settle(decide_business_transfer, request_business_transfer(transfer(at), actor=actor, at=at))


def staff_change(cast, actor, at):
    row = Membership(client_id=cast.client_id("indus"), user_id=cast.user_id("bilal"), role="client_admin")
    return settle(
        decide_staff_change,
        change_membership(row, ground="They asked me.", actor=actor, reason=Reason.ONBOARDING, at=at),
    )


def agreement_signing(cast, actor, at):
    client_id = cast.client_id("indus")
    draft = ServiceAgreement(client_id=client_id, reference="NEW-1", starts_at=at)
    change_register(draft, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=at)
    paper = add_document(draft, file=BytesIO(b"%PDF-1.7"), kind="agreement", actor=actor, at=at)
    sign_agreement(draft, paper=paper, ground="A new contract.", actor=actor, at=at)
    return lambda approver, later: sign_agreement(draft, ground="A new contract.", actor=approver, at=later)


def client_exit(cast, actor, at):
    agreement = ServiceAgreement.objects.get(client_id=cast.client_id("indus"))
    return settle(
        decide_exit, propose_exit(agreement, choice="return", ground="The client leaves.", actor=actor, at=at)
    )


def breach_closing(cast, actor, at):
    breach = make_breach(cast.client("indus"), actor=actor, at=at)
    assess(breach, "none", actor=actor, at=at)
    write_to_client(breach, text="We inform you.", language="en", actor=actor, at=at)
    send_letters(breach, at=at)
    add_measures(breach, actor=actor, at=at)
    return settle(decide_proposed_change, request_closing(breach, ground="All is done.", actor=actor, at=at))


def period_change(cast, actor, at):
    del cast
    change = request_period_change("packages", length=20, ground="More time.", actor=actor, at=at)
    return settle(decide_proposed_change, change)


def merge(cast, actor, at):
    pair = cast.subject("junaid"), second_record(cast)
    return settle(
        decide_merge, propose_merge(*pair, ground="One person, two records.", actor=actor, reason=Reason.REVIEW, at=at)
    )


def minor_notice(cast, actor, at):
    notice = Notice(client=cast.client("indus"), code="own_notice", title_en="Own", title_ur="اپنا")
    change_register(notice, actor=actor, reason=Reason.REVIEW, at=at)
    texts: dict[str, Any] = {"text_en": "Words.", "text_ur": "الفاظ"}
    publish_notice_version(notice, **texts, is_material=True, effective_at=at, actor=actor, reason=Reason.REVIEW, at=at)
    draft = NoticeDraft(notice=notice, **texts, is_material=False)
    save_draft(draft, actor=actor, reason=Reason.REVIEW, at=at)
    return lambda approver, later: announce_draft(draft, actor=approver, reason=Reason.REVIEW, at=later)


def system_end(cast, actor, at):
    system = make_system(cast.client("indus"), "library", ["content"])
    by: dict[str, Any] = {"reason": Reason.REVIEW}
    propose_system_end(system, ground="It holds no data.", actor=actor, at=at, **by)
    return lambda approver, later: end_system(system, actor=approver, at=later, **by)


def assessment(cast, actor, at):
    purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("indus"))
    answers = {"answers": {question.code: "Said." for question in read_questionnaires()["impact"].questions}}
    given: dict[str, Any] = {**answers, "residual_risk": "low", "review_on": (at + timedelta(days=90)).date()}
    row = answer_assessment(purpose, "impact", **given, actor=actor, reason=Reason.REVIEW, at=at)
    return lambda approver, later: approve_assessment(row, actor=approver, at=later)


def sign_on_provider(cast, actor, at):
    return settle(decide_provider, propose_sign_on(cast.client_id("indus"), actor, at))


RULES: dict[str, Rule] = {
    "agreements.AgreementSigning": agreement_signing,
    "accounts.StaffChange": staff_change,
    "guardians.GuardianChange": guardian_change,
    "accounts.ProposedChange": safeguard_change,
    "erasures.ErasureProposal": erasure,
    "exits.AgreementExit": client_exit,
    "desk.Overruling": overruling,
    "people.PersonMerge": merge,
    "staff.Provider": sign_on_provider,
    "sharing.BusinessTransfer": business_transfer,
    "sharing.LegalDisclosure": legal_disclosure,
    "people.AgeChange": age_change,
    "people.Readmission": readmission,
    "data_systems.System": system_end,
    "data_systems.Waiver": waiver,
}
"""Tables of what one person requests and another approves; each rule requests it and returns its approval."""
OF_OTHERS: dict[str, Rule] = {"consent.NoticeDraft": minor_notice, "consent.Assessment": assessment}
"""Rows that one person writes and another one puts into effect."""
KINDS: dict[str, Rule] = {
    "hold": hold_lift,
    "breach": breach_closing,
    "disposal": disposal,
    "protection": client_change,
    "period": period_change,
}
"""Kinds of ``ProposedChange`` of other apps than the register."""
OF_PAKTALEEM = {"period", "sharing.BusinessTransfer"}
"""Those that concern PakTaleem itself, and no client."""


def test_every_table_of_requests_is_listed():
    tables = {
        model._meta.label: {one.name for one in model._meta.constraints}
        for model in apps.get_models()
        if {field.name for field in model._meta.fields} & {"requested_by", "proposed_by"}
        and not hasattr(model, "instance_type")
    }
    assert set(tables) == set(RULES), "add the rule to RULES, with its request and its approval"
    refuse_any(
        (label, "" if any(name.endswith("_by_two_people") for name in names) else "no constraint …_by_two_people")
        for label, names in tables.items()
    )


def test_nothing_else_compares_the_approver_with_the_requester():
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    refuse_any(
        ((str(path.relative_to(ROOT)), COMPARES.findall(path.read_text())) for path in files if path != SECOND_PERSON),
        advice="call require_second_person, or decide_change, instead:",
    )


@pytest.mark.parametrize("made", ["the requester", "the approver"])
@pytest.mark.parametrize("rule", [*RULES, *OF_OTHERS, *KINDS])
def test_it_refuses_the_requester_and_two_people_of_whom_one_made_the_other(rule, made, cast, now):
    amina, gul = cast.actor("amina"), second_officer()
    user, maker = (amina, gul) if made == "the requester" else (gul, amina)
    with in_global():
        add_ties(user.id, TieKind.ROLE, makers=[maker.id], at=now)
    with in_client(PAKTALEEM if rule in OF_PAKTALEEM else cast.client_id("indus")):
        approve = (RULES | OF_OTHERS | KINDS)[rule](cast, amina, now)
        with pytest.raises(ApproverIsRequester), transaction.atomic():
            approve(amina, now)
        with pytest.raises(ApproverNotIndependent), transaction.atomic():
            approve(gul, now + TIE_LIFE - timedelta(seconds=1))
        approve(gul, now + TIE_LIFE)


def test_who_issued_a_key_does_not_approve_what_it_requested(cast, now):
    farah, client_id = cast.actor("farah"), cast.client_id("indus")
    with in_client(client_id):
        values: dict[str, Any] = {"name": "Own", "scopes": ["subjects:write"], "expires_at": now + timedelta(days=99)}
        key, _ = issue_api_key(client_id, **values, actor=farah, at=now)
        approve = age_change(cast, key_actor(key.id, client_id, key.scopes), now)
        with pytest.raises(ApproverNotIndependent), transaction.atomic():
            approve(farah, now + TIE_LIFE - timedelta(seconds=1))
        approve(cast.actor("amina"), now)


def test_a_change_of_staff_is_a_row_of_its_own(cast, now):
    with in_client(cast.client_id("indus")):
        staff_change(cast, cast.actor("amina"), now)
        assert StaffChange.objects.get().requested_by == cast.user_id("amina")


# No one alone weakens what protects a person: every act of the console and call of the API is in one table.
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
