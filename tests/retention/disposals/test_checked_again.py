"""A change between the review and the orders sends a holding back; the defects of peers are absent."""

import hashlib
import hmac
import io
import re
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from pypdf import PdfReader

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import restrict_processing
from consent.register.models.agreements import ServiceAgreement
from consent.register.services import change_register, end_period
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import AlreadyAnswered, accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer as SystemAnswer, Outcome
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.data_map.models import MapLine
from retention.data_map.services import declare_line
from retention.disposals.admin import build_panels
from retention.disposals.models import Batch, Certificate, Item
from retention.disposals.services.executing import certify_if_answered, list_parameters, render_certificate
from retention.holdings.models import Holding
from retention.holdings.services.holdings import ActivityReport, report_activity
from retention.schedule.services import HoldScope, end_rule, place_hold
from tests.consent.making import shown
from tests.data_systems.ending import end_by_two_people
from tests.factories import BORN, SETTING_UP, SubjectFactory, make_system
from tests.merges.making import linked, second_record
from tests.retention.disposals.steps import (
    answer,
    approved,
    certify,
    hold_data,
    lms,
    order_all,
    ordered,
    rule_for,
    states,
    sweep,
)
from tests.retention.schedule.making import DAY, HOUR, lift_hold_by_two, make_holding, make_rule, make_school_year


@pytest.fixture
def scheduled(cast, indus, now):
    """Approve the disposal of Hamza's contact details, due by a rule."""
    rule = rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    return rule, approved(cast, now)


def sent_back(batch, at):
    """Issue the orders; return why the only holding was sent back."""
    order_all(batch, at)
    assert not Order.objects.exists()
    [item] = Item.objects.all()
    assert item.state == "sent_back"
    return item.cause


def place(indus, now, **scope):
    stamp = {"ground": "Case 12.", "review_on": (now + 60 * DAY).date(), "actor": SETTING_UP, "at": now + HOUR}
    return place_hold(indus, kind="complaint", scope=HoldScope(**scope), **stamp)


@pytest.mark.parametrize("scope", ["person", "category", "system", "everything"])
def test_a_hold_placed_after_the_approval(cast, indus, now, scheduled, scope):
    given = {
        "person": {"subject": cast.subject("hamza")},
        "category": {"category": "contact_details"},
        "system": {"system": lms()},
        "everything": {},
    }[scope]
    place(indus, now, **given)
    assert sent_back(scheduled[1], now + DAY) == "held"


@pytest.mark.parametrize("scope", [{}, {"category": "contact_details"}, {"system": "lms"}])
def test_a_hold_of_everyone_recalls_the_orders_of_a_disposal(indus, now, scheduled, scope):
    order_all(scheduled[1], now + DAY)
    place(indus, now + DAY, **({"system": lms()} if "system" in scope else scope))
    assert (Order.objects.get().state, Item.objects.get().state) == ("not_applicable", "sent_back")


def test_a_hold_recalls_an_order_that_is_not_carried_out(cast, indus, now, scheduled):
    batch = order_all(scheduled[1], now + DAY)
    [order] = Order.objects.all()
    accept_order(order, actor=cast.key_actor("indus"), at=now + DAY)
    hold = place(indus, now + DAY, subject=cast.subject("hamza"))
    order.refresh_from_db()
    assert (order.state, order.result) == ("not_applicable", {"reason": "on_hold"})
    [item] = Item.objects.all()
    assert (item.state, item.cause) == ("sent_back", "held")
    done = SystemAnswer(Outcome.DONE, counts={"contact_details": 1})
    with pytest.raises(AlreadyAnswered):
        complete_order(order, done, actor=cast.key_actor("indus"), at=now + 2 * DAY)
    assert certify_if_answered(batch, actor=SETTING_UP, at=now + 2 * DAY) is None
    lift_hold_by_two(
        hold, by=user_actor(new_id(), "privacy_officer", PAKTALEEM), second=cast.actor("amina"), at=now + 2 * DAY
    )
    assert sweep(indus.pk, now + 3 * DAY).flagged == 1


def test_a_hold_of_one_category_leaves_the_disposal_of_the_others(cast, indus, now):
    for purpose, category in (("newsletter", "contact_details"), ("product_research", "usage_logs")):
        make_rule(indus.pk, purpose, category, at=now)
        hold_data(cast, "hamza", at=now, category=category, purposes=[purpose])
    sweep(indus.pk, now)
    batch = order_all(approved(cast, now), now + DAY)
    assert Order.objects.get().categories == ["contact_details", "usage_logs"]
    place(indus, now + DAY, category="usage_logs")
    assert dict(Order.objects.values_list("state", "categories")) == {
        "not_applicable": ["usage_logs"],
        "queued": ["contact_details"],
    }
    assert dict(Item.objects.values_list("category", "state")) == {
        "usage_logs": "sent_back",
        "contact_details": "ordered",
    }
    answer(cast, Order.objects.open().get(), at=now + DAY)
    assert dict(Item.objects.values_list("category", "state")) == {
        "usage_logs": "sent_back",
        "contact_details": "disposed",
    }
    assert certify_if_answered(batch, actor=SETTING_UP, at=now + 2 * DAY) is not None


def test_a_hold_of_another_record_of_the_person(cast, indus, now, scheduled):
    other = second_record(cast, external_id="lms-hamza-2", role="student", birth_date=BORN["teenager"])
    linked(cast.subject("hamza"), other, cast, now)
    place(indus, now, subject=other)
    assert sent_back(scheduled[1], now + DAY) == "held"


@pytest.mark.parametrize("purpose", ["", "newsletter"])
def test_a_restriction_after_the_approval(cast, indus, now, scheduled, purpose):
    told = {"actor": cast.actor("farah"), "reason": Reason.SUBJECT_REQUEST, "at": now + HOUR}
    restrict_processing(cast.subject("hamza"), purpose_code=purpose, **told)
    assert sent_back(scheduled[1], now + DAY) == "restricted"


def test_restricted_data_is_not_due_and_other_data_is(cast, indus, now):
    rule_for(indus, at=now)
    for name in ("hamza", "junaid"):
        hold_data(cast, name, at=now)
    told = {"actor": cast.actor("farah"), "reason": Reason.SUBJECT_REQUEST, "at": now}
    restrict_processing(cast.subject("hamza"), **told)
    restrict_processing(cast.subject("junaid"), purpose_code="product_research", **told)
    assert (sweep(indus.pk, now + DAY).flagged, Item.objects.get().subject_id) == (1, cast.subject_id("junaid"))


def test_a_use_after_the_period_stops_nothing(cast, indus, now, scheduled):
    used = ActivityReport("lms-hamza", now + HOUR)
    [result] = report_activity(indus.pk, [used], actor=cast.key_actor("indus"), at=now + 2 * HOUR)
    assert not result
    order_all(scheduled[1], now + DAY)
    assert Item.objects.get().cause == ""
    assert Order.objects.exists()


AFTER_THE_APPROVAL = {
    "a rule that was ended": (
        "not_due",
        lambda rule, at: end_rule(rule, actor=SETTING_UP, reason=Reason.REVIEW, at=at),
    ),
    "a later rule with another method": (
        "rule_changed",
        lambda rule, at: rule_for(rule.client, at=at, action="anonymise", method="drop"),
    ),
    "a longer rule": ("not_due", lambda rule, at: rule_for(rule.client, at=at, period="P1Y")),
    "a holding that a system erased": ("gone", lambda _rule, at: Holding.objects.update(ended_at=at)),
}


@pytest.mark.parametrize(("cause", "change"), AFTER_THE_APPROVAL.values(), ids=AFTER_THE_APPROVAL)
def test_a_change_after_the_approval(now, scheduled, cause, change):
    rule, batch = scheduled
    change(rule, now + HOUR)
    assert sent_back(batch, now + DAY) == cause


def test_a_collection_after_the_approval(report, now, scheduled):
    report("hamza", "contact_details", at=now + HOUR, purpose="newsletter", collected_at=now + HOUR)
    assert sent_back(scheduled[1], now + DAY) == "used"


def test_an_erasure_that_started(cast, indus, now, scheduled):
    start_erasure(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=now + HOUR)
    order_all(scheduled[1], now + DAY)
    [item] = Item.objects.all()
    assert (item.state, item.cause) == ("sent_back", "being_erased")


def test_a_moved_end_of_the_agreement_sends_the_data_back(cast, indus, now):
    rule_for(indus, at=now, trigger="agreement_ended")
    hold_data(cast, "hamza", at=now)
    agreement = ServiceAgreement.objects.get(client_id=indus.pk)
    end_period(agreement, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    later = now + 40 * DAY
    sweep(indus.pk, later)
    batch = approved(cast, later)
    again = ServiceAgreement(client_id=indus.pk, reference="MSA-2", signed_at=later, starts_at=later)
    change_register(again, actor=SETTING_UP, reason=Reason.ONBOARDING, at=later)
    assert sent_back(batch, later + DAY) == "not_due"


def test_a_moved_end_of_the_school_year_sends_the_data_back(cast, indus, now):
    rule_for(indus, at=now, trigger="school_year_ended")
    hold_data(cast, "hamza", at=now - 90 * DAY)
    year = make_school_year(indus.pk, date(2026, 1, 1), date(2026, 7, 1), at=now)
    sweep(indus.pk, now)
    batch = approved(cast, now)
    year.ends_on = date(2026, 12, 1)
    year.save()
    assert sent_back(batch, now + DAY) == "not_due"


def test_data_used_after_its_trigger_is_not_flagged(cast, indus, now):
    rule_for(indus, at=now, trigger="fixed_day", fixed_on=(now - 90 * DAY).date())
    hold_data(cast, "hamza", at=now, collected_at=now - 200 * DAY, used_at=now - 2 * DAY)
    hold_data(cast, "junaid", at=now, collected_at=now - 200 * DAY)
    assert (sweep(indus.pk, now).flagged, set(states())) == (1, {"lms-junaid"})


def test_consent_given_again_after_the_approval(cast, indus, now):
    rule_for(indus, at=now, trigger="consent_withdrawn")
    hold_data(cast, "junaid", at=now, collected_at=now - 200 * DAY)

    def answered(value, at):
        answers = [Answer("newsletter", ConsentState(value))]
        given = {"shown": shown(indus.pk, at), "actor": cast.actor("farah"), "at": at}
        record_answers(cast.subject("junaid"), answers=answers, **given)

    answered("refused", now)
    later = now + 40 * DAY
    assert sweep(indus.pk, later).flagged == 1
    batch = approved(cast, later)
    answered("given", later + HOUR)
    assert sent_back(batch, later + DAY) == "not_due"


def test_a_system_that_ended_leaves_the_holding_visible(cast, indus, now):
    rule_for(indus, at=now)
    held = hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    batch = approved(cast, now)
    end_by_two_people(cast, lms(), at=now + HOUR)
    order_all(batch, now + DAY)
    assert states() == {"lms-hamza": "no_system"}
    held.refresh_from_db()
    assert held.ended_at is None
    assert sweep(indus.pk, now + timedelta(days=2)).flagged == 0
    assert sweep(indus.pk, now + timedelta(days=100)).flagged == 1


def test_only_the_system_that_holds_the_due_data_gets_the_order(cast, indus, now):
    other = make_system(indus, "archive", ["contact_details"])
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    hold_data(cast, "hamza", at=now, system=other, collected_at=now - DAY)
    sweep(indus.pk, now)
    order_all(approved(cast, now), now + DAY)
    assert [order.system.code for order in Order.objects.select_related("system")] == ["lms"]


def test_data_of_no_known_system_waits_for_every_system(cast, indus, now):
    other = make_system(indus, "archive", ["contact_details"])
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now, system=None)
    hold_data(cast, "hamza", at=now, system=other, collected_at=now - DAY)
    sweep(indus.pk, now)
    assert sent_back(approved(cast, now), now + DAY) == "elsewhere"


def list_plan_nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from list_plan_nodes(part)


@contextmanager
def counted_reads():
    """Yield how often each part of the statements of a chunk reads what is due."""
    read: list[int] = []

    def explain(execute, sql, params, many, context):
        if "due AS MATERIALIZED" in sql:
            with transaction.atomic():
                execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
                nodes = list_plan_nodes(context["cursor"].fetchone()[0][0]["Plan"])
                transaction.set_rollback(True)
            scans = (node for node in nodes if node["Node Type"] == "CTE Scan" and node["CTE Name"] == "due")
            read.extend(node["Actual Loops"] for node in scans)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield read


def test_flagging_and_the_check_read_what_is_due_once_for_all_people(cast, indus, now):
    rule_for(indus, at=now)
    for number in range(20):
        person = SubjectFactory(client=indus, external_id=f"due-{number}")
        make_holding(person, "contact_details", ["newsletter"], collected_at=now - 60 * DAY, system=lms())
    with counted_reads() as flagging:
        sweep(indus.pk, now)
    batch = approved(cast, now)
    with counted_reads() as checking:
        order_all(batch, now + DAY)
    assert (flagging, checking) == ([1, 1], [1])
    assert Order.objects.count() == 20


def anonymised(cast, indus, now, method, names=("hamza",)):
    rule_for(indus, at=now, action="anonymise", method=method)
    for name in names:
        hold_data(cast, name, at=now)
    return ordered(cast, now)


def test_a_pseudonym_is_the_same_in_every_order_of_the_batch_and_its_key_is_destroyed(cast, indus, now):
    batch = anonymised(cast, indus, now, "keyed_pseudonym", ("hamza", "junaid"))
    orders = {one.subject.external_id: one for one in Order.objects.select_related("subject")}
    found = {name: list_parameters(order)["pseudonym"] for name, order in orders.items()}
    assert len(set(found.values())) == 2
    assert found == {name: list_parameters(order)["pseudonym"] for name, order in orders.items()}
    assert found["lms-hamza"] != hmac.digest(b"", b"lms-hamza", "sha256").hex()
    for order in orders.values():
        assert (order.kind, order.method) == ("anonymise", "keyed_pseudonym")
        answer(cast, order, at=now + 2 * DAY)
    body = read_body(certify(batch, now + 2 * DAY))
    assert body["pseudonym_key_destroyed_at"] == (now + 2 * DAY).isoformat()
    batch.refresh_from_db()
    assert batch.pseudonym_key is None
    for order in Order.objects.all():
        assert list_parameters(order) == {}
    assert not Holding.objects.filter(ended_at=None).exists()


def test_an_order_to_generalise_has_the_smallest_group(cast, indus, now):
    anonymised(cast, indus, now, "generalise")
    assert list_parameters(Order.objects.get()) == {"smallest_group": 10}


def test_an_automatic_rule_needs_no_review_unless_it_is_large(cast, indus, now, settings):
    rule_for(indus, at=now, is_automatic=True)
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    batch = Batch.objects.get()
    assert (batch.stage, batch.approved_kind, batch.is_automatic) == ("scheduled", "system", True)
    settings.DISPOSAL_ALONE_MOST = 0
    hold_data(cast, "junaid", at=now)
    sweep(indus.pk, now + DAY)
    assert Batch.objects.exclude(pk=batch.pk).get().stage == "review"


@pytest.fixture
def certified(cast, indus, now):
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    batch = ordered(cast, now)
    answer(cast, Order.objects.get(), at=now + 2 * DAY)
    certify(batch, now + 2 * DAY)
    batch.refresh_from_db()
    return batch


def test_the_certificate_is_a_pdf_in_both_languages_without_names(certified):
    certificate = Certificate.objects.get()
    pdf = PdfReader(io.BytesIO(render_certificate(read_body(certificate), sha256=certificate.sha256)))
    text = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    assert certified.number in text
    assert all(words in text for words in ("Name and contact details", "Lms"))
    assert not re.search(r"\b(lms|contact_details|P\d+[DMY])\b", text), "names, no codes"
    for words in (
        "Certificate of disposal",
        "it remained for 1 of these people, and was gone for 0",
        "erased 365 days after the person left",
    ):
        assert words in text
    assert certificate.sha256[:32] in text.replace(" ", "")
    for word in ("hamza", "lodhi", "farah"):
        assert word not in text.lower()


def test_the_page_says_what_each_line_rests_on_until_the_system_confirms_it(cast, indus, now):
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    about = {"category": "contact_details", "roles": ["student"], "purposes": [], "countries": ["PK"]}
    declare_line(
        MapLine(client=indus, system=lms(), found_by="lms_id", **about), actor=SETTING_UP, reason=Reason.REVIEW, at=now
    )
    sweep(indus.pk, now)

    def said():
        panels: list[Any] = [panel.get("lines", []) for panel in build_panels(Batch.objects.get())]
        return [line["rests_on"] for lines in panels for line in lines if "rests_on" in line]

    assert said() == ["Reported, declared", "Reported, declared"], "the counts and the samples"
    batch = order_all(approved(cast, now), now + DAY)
    answer(cast, Order.objects.get(), at=now + 2 * DAY)
    certify(batch, now + 2 * DAY)
    assert said() == [f"Done · Reported · Confirmed by the system on {now + 2 * DAY:%Y-%m-%d}"]


def test_a_certificate_of_the_first_version_can_still_be_printed(certified):
    certificate = Certificate.objects.get()
    body = {key: value for key, value in read_body(certificate).items() if key != "portal_records"}
    [*_, text] = [
        page.extract_text()
        for page in PdfReader(io.BytesIO(render_certificate({**body, "version": 1}, sha256=certificate.sha256))).pages
    ]
    assert "The portal’s own record" not in text


def test_a_platform_gets_the_pseudonym_with_the_accepted_order(client, cast, now):
    with in_client(cast.client_id("indus")):
        anonymised(cast, cast.client("indus"), now, "keyed_pseudonym")
        order, batch = Order.objects.get(), Batch.objects.get()
    headers = {"authorization": f"Bearer {cast.key('indus')}"}
    found = client.post(f"/api/v1/orders/{order.pk}/accept", headers=headers).json()
    assert (found["method"], found["case"]) == ("keyed_pseudonym", {"kind": "disposal", "id": str(batch.pk)})
    assert len(found["parameters"]["pseudonym"]) == 64
    shown = client.get(f"/api/v1/disposals/{batch.pk}", headers=headers).json()
    assert (shown["stage"], shown["counts"]) == ("verifying", [{"state": "ordered", "holdings": 1}])
    assert client.get(f"/api/v1/disposals/{batch.pk}/certificate", headers=headers).status_code == 404
    stranger = {"authorization": f"Bearer {cast.key('khyber')}"}
    assert client.get(f"/api/v1/disposals/{batch.pk}", headers=stranger).status_code == 404


def test_the_certificate_over_the_api_is_the_text_whose_hash_is_in_the_ledger(client, cast, now):
    with in_client(cast.client_id("indus")):
        rule_for(cast.client("indus"), at=now)
        hold_data(cast, "hamza", at=now)
        batch = ordered(cast, now)
        answer(cast, Order.objects.get(), at=now + 2 * DAY)
        certify(batch, now + 2 * DAY)
    headers = {"authorization": f"Bearer {cast.key('indus')}"}
    found = client.get(f"/api/v1/disposals/{batch.pk}/certificate", headers=headers).json()
    assert hashlib.sha256(found["body"].encode()).hexdigest() == found["sha256"]
    assert [one["count"] for one in found["counts"]] == [1]
