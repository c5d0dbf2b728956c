"""Data systems and orders in the console: registration, filters, manual answers, waivers by two people."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order, OrderPart, System, SystemKey
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.people.models import AccessRecord
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import list_url, row_url
from tests.factories import SETTING_UP, OrderSpecFactory, make_system

ORDERS = list_url("data_systems/order")


@pytest.fixture
def issue(cast):
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "library", ["credentials"], delivery="by_hand", at=timezone.now())

    def issue(kind="erase", categories=("credentials",), **more):
        at = more.pop("at", timezone.now())
        told = OrderSpecFactory(kind=kind, categories=categories, at=at)
        with in_client(cast.client_id("indus")):
            return issue_orders(cast.subject("danish"), told, actor=SETTING_UP, at=at, **more)[0]

    return issue


def act(browser, order, slug, **values):
    return browser.post(row_url("data_systems/order", order.pk, slug), values, follow=True)


def kept(order):
    with in_client(order.client_id):
        found: Order = Order.objects.get(pk=order.pk)
        return found


def test_a_system_is_registered_and_a_key_let_act(sign_in, cast):
    browser = sign_in("farah")
    given = {
        "code": "forum",
        "name": "Forum",
        "categories": ["content", "usage_logs"],
        "delivery": "poll",
        "contact": "forum@indus.example",
        "reason": "onboarding",
    }
    page = browser.post(list_url("data_systems/system") + "add/", given, follow=True)
    assert "Forum" in page.content.decode()
    forum = cast.get(System, code="forum")
    assert (forum.client_id, forum.categories) == (cast.client_id("indus"), ["content", "usage_logs"])
    add_key = list_url("data_systems/systemkey") + "add/"
    refused = browser.post(add_key, {"key_name": "LMS", "system": str(forum.pk), "reason": "onboarding"})
    assert "This key already acts for a system" in refused.content.decode()
    refused = browser.post(add_key, {"key_name": "Nobody", "system": str(forum.pk), "reason": "onboarding"})
    assert "No live key of this name" in refused.content.decode()
    lms = cast.get(SystemKey, key_name="LMS")
    browser.post(row_url("data_systems/systemkey", lms.pk, "end"), {"reason": "review"})
    browser.post(add_key, {"key_name": "LMS", "system": str(forum.pk), "reason": "onboarding"})
    assert cast.get(SystemKey, key_name="LMS", ends_at=None).system_id == forum.pk


def test_a_client_administrator_sees_paktaleems_systems_and_changes_none(sign_in, cast):
    browser = sign_in("farah")
    billing = cast.get(System, code="billing")
    assert "Billing" in browser.get(list_url("data_systems/system")).content.decode()
    assert browser.post(row_url("data_systems/system", billing.pk), {"name": "Mine"}).status_code == 403
    assert browser.post(row_url("data_systems/system", billing.pk, "end"), {"reason": "review"}).status_code == 403


def test_a_system_ends(sign_in, issue, cast):
    order = issue()
    farah = sign_in("farah")
    farah.post(
        row_url("data_systems/system", order.system_id, "end"), {"ground": "It holds no data.", "reason": "review"}
    )
    page, agree = (row_url("data_systems/system", order.system_id, act) for act in ("change", "agree"))
    offered = farah.get(page).content.decode(), sign_in("amina").get(page).content.decode()
    assert [agree in text for text in offered] == [False, True]
    assert "farah@" in offered[1], "who proposed its end"
    assert "It holds no data." in sign_in("amina").get(agree).content.decode()
    sign_in("amina").post(row_url("data_systems/system", order.system_id, "agree"), {"reason": "review"})
    with in_client(order.client_id):
        assert System.objects.get(pk=order.system_id).ends_at is not None
    assert kept(order).is_open


def test_the_list_is_limited_to_orders_that_need_action_the_longest_waiting_first(sign_in, issue, cast):
    first, second, third, new = issue(), issue(kind="collect"), issue(kind="anonymise"), issue(kind="restrict")
    with in_client(first.client_id):
        for order, late, stuck in ((first, 1, 3), (second, 3, 1), (third, 2, 2)):
            Order.objects.filter(pk=order.pk).update(
                created_at=order.created_at - timedelta(days=40),
                due_at=order.created_at - timedelta(days=late),
                stuck_at=order.created_at - timedelta(days=stuck),
            )
    browser = sign_in("amina")

    def found(query):
        return [row.pk for row in browser.get(f"{ORDERS}?{query}").context["cl"].result_list]

    every = {first.pk, second.pk, third.pk, new.pk}
    assert set(found("")) == set(found(f"system={new.system_id}")) == every
    assert found("progress=overdue") == [second.pk, third.pk, first.pk]
    assert found("progress=stuck") == [first.pk, third.pk, second.pk]
    assert found("progress=open") == [new.pk, third.pk, second.pk, first.pk]
    assert found("kind__exact=collect") == [second.pk]
    assert found("state__exact=confirmed") == []
    lms = cast.get(System, code="lms")
    assert found(f"system={lms.pk}") == []
    home = browser.get("/admin/").content.decode()
    assert "Orders stuck" in home
    assert "Orders overdue" in home


def test_people_answer_for_their_system(sign_in, issue):
    order, browser = issue(), sign_in("farah")
    pages = (
        ORDERS,
        row_url("data_systems/order", order.pk),
        row_url("people/subject", order.subject_id) + "?tab=orders",
    )
    for address in pages:
        page = browser.get(address).content.decode()
        assert "To be worked by hand" in page
        assert page.count("Waiting to be fetched") == (address == ORDERS), "the filter of the list"
    page = act(browser, order, "answer", outcome="done")
    assert "Enter the number" in page.content.decode()
    act(browser, order, "answer", outcome="done", count_credentials="3")
    assert (kept(order).state, kept(order).result) == ("confirmed", {"counts": {"credentials": 3}})
    page = browser.get(row_url("data_systems/order", order.pk)).content.decode()
    assert "credentials: 3" in page
    assert "In progress" in page
    assert "farah@indus.example" in page


@pytest.mark.parametrize(
    ("given", "state", "result"),
    [
        ({"outcome": "not_found"}, "not_found", {}),
        ({"outcome": "not_applicable", "exemption": "legal_duty"}, "not_applicable", {"reason": "legal_duty"}),
    ],
)
def test_people_say_why_nothing_was_done(sign_in, issue, given, state, result):
    order = issue()
    act(sign_in("amina"), order, "answer", **given)
    assert (kept(order).state, kept(order).result) == (state, result)


def test_files_are_added_before_it_is_done(sign_in, issue):
    order, browser = issue(kind="collect"), sign_in("farah")
    text = act(browser, order, "add-file", category="credentials", file=SimpleUploadedFile("a.txt", b"Danish's"))
    assert "Choose a PDF, JPEG, PNG or JSON file." in text.content.decode()
    act(browser, order, "add-file", category="credentials", file=SimpleUploadedFile("danish.pdf", b"%PDF-1.7 card"))
    act(browser, order, "answer", outcome="done")
    assert kept(order).state == "confirmed"
    with in_client(order.client_id):
        assert OrderPart.objects.get(order=order).file.kind == "pdf"
    page = browser.get(row_url("data_systems/order", order.pk)).content.decode()
    assert "credentials (PDF, 13 bytes)" in page
    assert "danish.pdf" not in page


def test_what_is_right_is_shown_to_those_who_correct_by_hand(sign_in, issue, cast):
    order = issue(kind="correct", new_values={"full_name": "Danish Lodhi"})
    browser = sign_in("farah")
    assert "Lodhi" not in browser.get(row_url("data_systems/order", order.pk)).content.decode()
    assert "Danish Lodhi" in act(browser, order, "values").content.decode()
    with in_client(order.client_id):
        assert AccessRecord.objects.get(actor_id=cast.user_id("farah")).reason == "subject_request"
    act(browser, order, "answer", outcome="done", corrected=["full_name"])
    assert kept(order).state == "confirmed"


def test_two_people_waive_it(sign_in, issue):
    order, farah, amina = issue(), sign_in("farah"), sign_in("amina")
    act(farah, order, "waive", reason="review", ground="The library was shut down.")
    assert "The library was shut down." in amina.get(row_url("data_systems/order", order.pk)).content.decode()
    page, agree = (row_url("data_systems/order", order.pk, name) for name in ("change", "agree"))
    assert [agree in browser.get(page).content.decode() for browser in (farah, amina)] == [False, True]
    assert kept(order).state == "queued"
    assert "someone else must agree" in act(farah, order, "agree").content.decode()
    assert kept(order).state == "queued"
    act(amina, order, "agree")
    assert kept(order).state == "waived"


def test_only_paktaleem_is_offered_what_may_be_done_about_an_order_to_its_own_system(sign_in, issue):
    billing, library = issue(categories=("billing",)), issue()
    for who, order, is_offered in (("farah", billing, False), ("farah", library, True), ("amina", billing, True)):
        page = sign_in(who).get(row_url("data_systems/order", order.pk)).content.decode()
        for label in ("Record the result", "Propose to waive"):
            assert (label in page) is is_offered, (who, label)


def test_the_case_of_an_order_is_linked_by_its_number(cast_of_rows, sign_in):
    amina, seen = sign_in("amina"), set[str]()
    with in_client(cast_of_rows.client_id("indus")):
        orders = list(Order.objects.exclude(parent_id=None).defer("named", "new_values"))
    for order in orders:
        page = amina.get(row_url("data_systems/order", order.pk)).content.decode()
        [found] = re.findall(r"field-case.*?<bdi>(.*?)</bdi>", page, re.DOTALL)
        assert re.fullmatch('<a href="/admin/[^"]*/change/">[^<]*: [^<]*</a>', found), found
        assert str(order.parent_id) not in re.sub("<[^>]*>", "", found)
        seen.add(order.parent_kind)
    assert seen >= {"rights_request", "erasure"}
