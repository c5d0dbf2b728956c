"""The reference client with a running portal and worker: orders are carried out and answered accordingly."""

import json
import sys
from datetime import timedelta
from functools import partial

from django.utils import timezone

from consent.consents.services.recording import withdraw_consent
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.files.services import iterate_file
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running
from retention.holdings.models import Holding, Incident
from tests.factories import SETTING_UP, OrderSpecFactory, SubjectFactory, make_system
from tests.waiting import wait_until

KIRAN, ZOYA, GHOST, DUA = "lms-kiran", "lms-zoya", "lms-ghost", "lms-dua"
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]
NEWSLETTER = "SELECT * FROM decision WHERE person = ? AND purpose = 'newsletter'"


def order(cast, kind, person=KIRAN, categories=("usage_logs", "content"), new_values=None):
    at = timezone.now()
    told = OrderSpecFactory(kind=kind, categories=categories, at=at)
    with in_client(cast.client_id("khyber")):
        about = Subject.objects.get(external_id=person)
        made = issue_orders(about, told, new_values=new_values, actor=SETTING_UP, at=at)
        return next(one.pk for one in made if one.system.code == "lms")


def found(cast, pk):
    return cast.get(Order, "khyber", pk=pk)


def answer(cast, pk):
    wait_until(lambda: not found(cast, pk).is_open)
    return found(cast, pk).state, found(cast, pk).result


def test_the_platform_keeps_to_the_portal(committed, platform, tmp_path):
    it_asks_before_processing_and_records_what_was_answered(committed, platform, KIRAN)
    every_kind_of_order_is_really_done(committed, platform, KIRAN, by_polling(committed, platform))
    it_asks_before_processing_and_records_what_was_answered(committed, platform, ZOYA)
    with platform.receiving(), running([("worker", WORKER)], tmp_path / "worker"):
        a_withdrawal_reaches_it_and_stops_the_use_at_once(committed, platform)
        every_kind_of_order_is_really_done(committed, platform, ZOYA, partial(answer, committed))
        with in_client(committed.client_id("khyber")):
            SubjectFactory(client=committed.client("khyber"), external_id=GHOST)
        assert answer(committed, order(committed, "erase", person=GHOST)) == ("not_found", {})
        data_of_a_child_that_nobody_allowed_is_erased_everywhere(committed, platform)
    kept = "SELECT * FROM carried_out WHERE answer LIKE '%Algebra%' OR answer LIKE '%essay%'"
    wait_until(lambda: platform.rows(kept) == [])  # neither in its log of orders, once the answer has arrived


def by_polling(cast, lms):
    """Return a function by which the platform polls for its orders, and that returns the answer to one."""

    def carried_out(pk):
        assert lms.do("orders") == "1 carried out; ask again in 60 s"
        return found(cast, pk).state, found(cast, pk).result

    return carried_out


def it_asks_before_processing_and_records_what_was_answered(cast, lms, who):
    lms.do("register", who, "--full-name", "Kiran Tarin", "--email", "kiran.tareen@mail.example")
    assert lms.do("ask", who, "newsletter") == "no: consent_missing"
    assert "May we use your data for newsletter?" in lms.do("consent", who, "newsletter", "given")
    assert lms.do("ask", who, "newsletter") == "yes: permitted"
    for what in ("opened Algebra", "closed Algebra"):
        assert lms.do("record", who, "usage_logs", what) == "kept"
    assert lms.do("record", who, "content", "an essay") == "kept"
    assert lms.do("record", "lms-nobody", "content", "an essay") == "not kept: subject_unknown"
    assert held_as_reported(cast) == {"content": 1, "usage_logs": 2}


def held_as_reported(cast):
    with in_client(cast.client_id("khyber")):
        return dict(Holding.objects.filter(ended_at=None).values_list("category", "count"))


def every_kind_of_order_is_really_done(cast, lms, who, carried_out):
    """Issue one order after another; ``carried_out`` returns the answer by either way of delivery."""

    def ordered(kind, *categories, **more):
        return order(cast, kind, person=who, categories=categories or ("content",), **more)

    held = lms.shows(who)
    assert len(held["usage_logs"]) == 2
    collect = ordered("collect", "usage_logs", "content", "contact_details")
    assert carried_out(collect) == ("confirmed", {"sections": 3})
    assert given(cast, collect) == held
    correct = ordered("correct", "contact_details", new_values={"full_name": "Kiran Tareen"})
    assert carried_out(correct) == ("confirmed", {"corrected": ["full_name"]})
    assert lms.shows(who)["contact_details"][0]["full_name"] == "Kiran Tareen"
    assert carried_out(ordered("restrict")) == ("confirmed", {})
    assert lms.do("ask", who, "service_delivery") == "no: restricted_here"
    assert carried_out(ordered("lift_restriction")) == ("confirmed", {})
    assert lms.do("ask", who, "service_delivery") == "yes: permitted"
    assert carried_out(ordered("object")) == ("confirmed", {})
    assert lms.rows("SELECT * FROM decision WHERE person = ?", who) == [], "asked anew before the next use"
    assert carried_out(ordered("anonymise")) == ("confirmed", {"counts": {"content": 1}, "reported": {"content": 1}})
    assert "content" not in lms.shows(who)
    assert lms.rows("SELECT * FROM record WHERE person IS NULL AND data LIKE '%an essay%'")
    erase = ordered("erase", "usage_logs", "contact_details")
    assert carried_out(erase) == (
        "confirmed",
        {"counts": {"contact_details": 1, "usage_logs": 2}, "reported": {"usage_logs": 2}},
    )
    assert lms.shows(who) == held_as_reported(cast) == {}
    assert lms.rows("SELECT * FROM record WHERE person = ?", who) == []


def given(cast, pk):
    with in_client(cast.client_id("khyber")):
        parts = list_parts(Order.objects.get(pk=pk))
        return {part.category: json.loads(b"".join(iterate_file(part.file))) for part in parts}


def a_withdrawal_reaches_it_and_stops_the_use_at_once(cast, lms):
    assert lms.do("ask", ZOYA, "newsletter") == "yes: permitted"
    [remembered] = lms.rows(NEWSLETTER, ZOYA)
    assert remembered["allowed"]
    with in_client(cast.client_id("khyber")):
        zoya = Subject.objects.get(external_id=ZOYA)
        withdraw_consent(zoya, purpose="newsletter", actor=SETTING_UP, at=timezone.now())
    wait_until(lambda: not lms.rows(NEWSLETTER, ZOYA))
    assert lms.do("ask", ZOYA, "newsletter") == "no: consent_withdrawn"


def data_of_a_child_that_nobody_allowed_is_erased_everywhere(cast, lms):
    with in_client(cast.client_id("khyber")):  # a second system that holds such data
        archive = make_system(cast.client("khyber"), "archive", ["usage_logs"], delivery="by_hand")
    lms.do("register", DUA, "--birth-date", str(timezone.now().date() - timedelta(days=9 * 366)))
    lms.keep(DUA, "usage_logs", "opened Algebra")
    assert lms.do("record", DUA, "usage_logs", "closed Algebra") == "not kept: guardian_consent_required"
    now = timezone.now().isoformat(timespec="seconds")
    why = {"purpose": "service_delivery", "occasion": "assessment", "collected_at": now, "count": 1}
    told = lms.portal.post("/api/v1/collections", {"subject": DUA, "category": "usage_logs", **why}).body
    assert told["decision"] == "guardian_consent_required"
    wait_until(lambda: not lms.rows("SELECT 1 FROM record WHERE person = ?", DUA))
    wait_until(lambda: states(cast, told["incident"])["lms"] == "confirmed")
    assert lms.do("ask", DUA, "service_delivery") == "no: quarantined"
    with in_client(cast.client_id("khyber")):
        assert Incident.objects.get(pk=told["incident"]).is_open, "the archive has still to answer"
        [left] = Order.objects.open().filter(parent_id=told["incident"], system=archive)
        carry_out_by_hand(left, Answer(Outcome.NOT_FOUND), actor=cast.actor("celia"), at=timezone.now())
        closed = Incident.objects.get(pk=told["incident"])
        evidence = [json.loads(one.body)["facts"] for one in Entry.objects.filter(kind="incident.closed")]
    assert (closed.is_open, [one["incident"] for one in evidence]) == (False, [told["incident"]])
    assert states(cast, told["incident"]) == {"lms": "confirmed", "archive": "not_found"}
    wait_until(lambda: lms.do("ask", DUA, "service_delivery") == "no: guardian_consent_required")


def states(cast, incident):
    with in_client(cast.client_id("khyber")):
        found = Order.objects.filter(parent_id=incident).values_list("system__code", "state")
        return dict(found)
