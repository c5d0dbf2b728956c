"""The preference centre: people see and decide about their own purposes only, effective at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import pytest
from django.db import connections
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, GivenBy, Method, Objection
from consent.consents.services.consent_basis import ChildMayNotGive
from consent.notices.models import Notice
from consent.notices.selectors.registers import get_current_notice
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.foundation.accounts.actors import person_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link, send, token_of
from tests.api.callers import Caller
from tests.api.test_changes import settle
from tests.cast import Cast
from tests.consent.making import give, publish

PAGE, GIVE, DECIDE = "/choices/", "/choices/give/newsletter/", "/choices/decide/newsletter/"


@pytest.fixture
def kiran(cast):
    return by_link(cast, "khyber", "lms-kiran")


def events(cast, name, client):
    with in_client(cast.client_id(client)):
        return list(ConsentEvent.objects.filter(subject_id=cast.subject_id(name)).order_by("recorded_at"))


def words(page):
    return unescape(re.sub(r"<[^>]+>", " ", page.content.decode()))


def shown_in(page):
    return re.findall(r'name="shown" value="([^"]+)"', page.content.decode())[0]


def filled(page, **more):
    return {"csrfmiddlewaretoken": token_of(page), "shown": shown_in(page), "answer": "give", **more}


def answer(browser, act):
    return browser.post(GIVE, filled(browser.get(GIVE), answer=act))


def permits(cast, client, person):
    """Return the decision about the newsletter, as a client's system gets it."""
    return Caller(cast.key(client)).ask(f"lms-{person}", "newsletter")["decision"]


def test_what_is_given_and_taken_back_counts_on_the_next_question(cast, kiran):
    for act, state, permitted in (("give", "given", True), ("withdraw", "withdrawn", False), ("give", "given", True)):
        done = answer(kiran, "give") if act == "give" else send(kiran, DECIDE, form_at=PAGE, act="withdraw")
        assert done.headers["Location"].endswith(f"done={state}")
        assert permits(cast, "khyber", "kiran") is permitted
    assert [(one.state, one.method, one.given_by, one.actor_kind) for one in events(cast, "kiran", "khyber")] == [
        (state, Method.WEB, GivenBy.SELF, "subject") for state in ("given", "withdrawn", "given")
    ]
    assert {one.actor_id for one in events(cast, "kiran", "khyber")} == {cast.subject_id("kiran")}


def test_while_a_person_is_being_erased_the_page_records_refusals_and_no_consent(cast, kiran):
    values = filled(kiran.get(GIVE))
    with in_client(cast.client_id("khyber")):
        officer = {"actor": cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": timezone.now()}
        start_erasure(cast.subject("kiran"), **officer)
    refused = kiran.post(GIVE, values)
    assert refused.status_code == 409
    assert "This data is being erased" in words(refused)
    assert events(cast, "kiran", "khyber") == []
    assert send(kiran, DECIDE, form_at=PAGE, act="refuse").headers["Location"].endswith("done=refused")


def test_the_question_offers_consent_and_refusal_alike_and_ticks_nothing(kiran):
    page = kiran.get(GIVE).content.decode()
    buttons = re.findall(r"<button ([^>]*)>", page)
    assert buttons == ['class="second" name="answer" value="give"', 'class="second" name="answer" value="refuse"']
    assert "checked" not in page
    assert "selected" not in page


def test_the_page_shows_the_text_that_was_agreed_to_and_the_one_of_today(cast, kiran):
    page = kiran.get(f"{GIVE}?lang=ur")
    assert 'dir="rtl"' in page.content.decode()
    kiran.post(f"{GIVE}?lang=ur", filled(page))
    with in_client(cast.client_id("khyber")):
        notice = Notice.objects.get(client_id=cast.client_id("khyber"), purposes__contains=["newsletter"])
        old = get_current_notice("newsletter", client_id=notice.client_id, at=timezone.now())
        at = timezone.now()
        publish(notice, at, text_en="Quite another text.", text_ur="بالکل دوسری تحریر۔")
    page = words(kiran.get(f"{PAGE}?lang=en"))
    assert "The text has changed: not allowed until you decide again" in page
    assert old.text_ur.splitlines()[0] in page
    assert "The text you agreed to (version 1)" in page
    assert "Quite another text." in page
    assert not permits(cast, "khyber", "kiran")


def test_consent_given_a_while_ago_expires_on_the_page_too(cast, kiran, time_machine):
    answer(kiran, "give")
    with in_client(cast.client_id("khyber")):
        Consent.objects.update(expires_at=timezone.now())
    page = words(kiran.get(PAGE))
    assert "Expired: not allowed until you decide again" in page
    assert "Read and allow" in page
    assert "Refuse" in page


def test_a_notice_shown_before_a_withdrawal_must_be_shown_again(cast, kiran):
    answer(kiran, "give")
    send(kiran, DECIDE, form_at=PAGE, act="withdraw")
    page = kiran.get(GIVE)
    stale = {"csrfmiddlewaretoken": token_of(page), "answer": "give"}
    kept = {**stale, "shown": shown_in(page)}
    kiran.post(GIVE, kept)
    send(kiran, DECIDE, form_at=PAGE, act="withdraw")
    again = kiran.post(GIVE, kept)
    assert again.status_code == 409
    assert "Your decision was not recorded" in words(again)
    assert shown_in(again) != kept["shown"]
    assert kiran.post(GIVE, stale).status_code == 409
    assert events(cast, "kiran", "khyber")[-1].state == "withdrawn"


def test_looking_changes_nothing_and_forms_need_their_token(cast, kiran):
    for method in (kiran.get, kiran.head):
        for url in (PAGE, GIVE):
            assert method(url).status_code == 200
        assert method(DECIDE).status_code == 405
    assert kiran.post(GIVE, {"answer": "give"}).status_code == 403
    assert kiran.post(DECIDE, {"act": "withdraw"}).status_code == 403
    assert events(cast, "kiran", "khyber") == []


def test_what_rests_on_interest_is_objected_to_and_taken_back(cast, kiran):
    url = "/choices/decide/platform_improvement/"
    for act, done in (("object", "objected"), ("object", "nothing"), ("lift", "lifted"), ("lift", "nothing")):
        assert send(kiran, url, form_at=PAGE, act=act).headers["Location"].endswith(f"done={done}")
    with in_client(cast.client_id("khyber")):
        [row] = Objection.objects.all()
        assert row.ends_at is not None
        assert row.history.latest().actor_kind == "subject"


def test_what_the_law_or_the_contract_demands_says_why_and_has_no_button(cast, kiran):
    page = words(kiran.get(PAGE))
    assert "The law requires this" in page
    assert "needed to provide what your institution and you have agreed on" in page
    for code in ("legal_compliance", "service_delivery"):
        for act in ("object", "withdraw", "refuse"):
            done = send(kiran, f"/choices/decide/{code}/", form_at=PAGE, act=act)
            assert done.headers["Location"].endswith("done=nothing")
    assert kiran.get("/choices/give/legal_compliance/").headers["Location"].endswith("done=nothing")


@pytest.mark.parametrize("url", ["/choices/give/nothing/", "/choices/decide/nothing/"])
def test_purposes_there_are_not_are_not_there(kiran, url):
    assert send(kiran, url, form_at=PAGE, act="withdraw").status_code == 404


def test_a_child_sees_refuses_and_withdraws_and_never_consents(cast):
    danish = by_link(cast, "indus", "lms-danish")
    page = words(danish.get(PAGE))
    assert "Only a parent or guardian can say yes for you" in page
    assert "Read and allow" not in page
    with in_client(cast.client_id("indus")):
        me, at = cast.subject("danish"), timezone.now()
        with pytest.raises(ChildMayNotGive):
            give(me, at, method=Method.WEB, actor=person_actor(me.id, me.client_id, acts_for=me.id))
        give(me, at, given_by=GivenBy.GUARDIAN, guardian=cast.subject("esra"), actor=cast.key_actor("indus"))
    assert send(danish, DECIDE, form_at=PAGE, act="withdraw").headers["Location"].endswith("done=withdrawn")
    assert [one.state for one in events(cast, "danish", "indus")] == ["given", "withdrawn"]


def test_the_pages_cost_few_queries_and_bytes(cast, kiran, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        page = kiran.get(PAGE)
    assert len(page.content) < 60_000


def test_another_connection_follows_at_once(committed: Cast):
    browser, lms = by_link(committed, "khyber", "lms-kiran"), Caller(committed.key("khyber"))
    cursor = lms.get("/api/v1/changes").json()["cursor"]

    def elsewhere(_):
        try:
            return permits(committed, "khyber", "kiran")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        answer(browser, "give")
        assert list(other.map(elsewhere, [1])) == [True]
        send(browser, DECIDE, form_at=PAGE, act="withdraw")
        assert list(other.map(elsewhere, [1])) == [False]
    settle()
    told = lms.get("/api/v1/changes", since=cursor).json()["changes"]
    assert [(one["kind"], one["subject"]) for one in told] == [("consent", "lms-kiran")] * 2


def test_idle_answers_are_refused(cast, kiran, time_machine):
    page = kiran.get(GIVE)
    time_machine.move_to(timezone.now() + timedelta(minutes=20))
    late = kiran.post(GIVE, filled(page))
    assert late.status_code == 403
    assert events(cast, "kiran", "khyber") == []
