"""The desk in the console, the public form for concerns about a child, and the API for rights requests."""

import json
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.selectors import get_figures
from rights.requests.services.clock import extend_request, purge_old_requests
from rights.requests.services.closing import add_rights, answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import assign_person, read_request, verify_identity
from rights.requests.services.steps import RequestEnded, list_parts
from tests.access_links.visiting import send, visitor, work as work_on_codes
from tests.api.callers import Caller
from tests.console.pages import list_url, row_url
from tests.keeping import default_period
from tests.rights.cases import (
    AT,
    DAY,
    absent,
    add_phone,
    asked_by_guardian,
    decided,
    in_indus,
    naming,
    part_of,
    received,
    refused_to,
    verified,
)
from tests.rights.packing import PNG, answered, build, fetched

MODEL = "requests/rightsrequest"
URL = "/api/v1/rights-requests"


def made(cast, *kinds, days_ago=0, **given):
    with in_client(cast.client_id("indus")):
        return received(cast, *kinds, at=timezone.now() - timedelta(days=days_ago), **given)


def act(browser, request, slug, **values):
    return browser.post(row_url(MODEL, request.pk, slug), values)


def fresh(cast, request):
    return cast.get(RightsRequest, pk=request.pk)


def test_concerns_and_guardians_requests_are_in_the_same_queue_and_late_ones_come_longest_first(sign_in, cast):
    verified(cast, at=timezone.now() - timedelta(days=40))
    asked = asked_by_guardian(cast, "deletion", at=timezone.now() - timedelta(days=32))
    anonymous = {"subject": None, "channel": "form"}
    later, in_time = (made(cast, "child_concern", days_ago=days, **anonymous) for days in (35, 10))
    browser = sign_in("amina")

    def found(progress):
        page = browser.get(f"{list_url(MODEL)}?progress={progress}")
        return [row.pk for row in page.context["cl"].result_list]

    assert found("overdue") == [later.pk, asked.pk]
    assert found("open") == [later.pk, asked.pk, in_time.pk]
    assert "Rights requests overdue" in browser.get("/admin/").content.decode()
    with in_client(cast.client_id("indus")):
        RightsRequest.objects.exclude(pk=in_time.pk).update(closed_at=timezone.now(), state="closed")
    assert found("overdue") == []
    assert found("open") == [in_time.pk]
    assert "Rights requests overdue" not in browser.get("/admin/").content.decode()


def test_a_request_is_decided_answered_and_closed_at_the_desk(sign_in, cast):
    request = made(cast, "rectification", details="My name is wrong")
    farah = sign_in("farah")
    page = farah.get(row_url(MODEL, request.pk)).content.decode()
    assert all(words in page for words in ("Timeline", "Clock", "Rectification", "30 days left"))
    decide, other = row_url(MODEL, request.pk, "decide"), sign_in("amina").get(row_url(MODEL, request.pk))
    assert (decide in page, decide in other.content.decode()) == (True, False), "the client decides it"
    assert "My name is wrong" not in page
    read = act(farah, request, "read", reason="review").content.decode()
    assert "My name is wrong" in read
    part = part_of(request)
    refused = {"part": str(part.pk), "decision": "refused", "refusal_code": "third_party_rights", "reasons": "Because."}
    wrong = act(farah, request, "decide", **{**refused, "reasons": ""})
    assert "Give the reasons" in wrong.content.decode()
    assert act(farah, request, "decide", **refused).status_code == 302
    draft = farah.get(row_url(MODEL, request.pk, "answer")).content.decode()
    assert absent(draft, "Because.", "you may complain") == []
    assert act(farah, request, "answer", text="No, because.").status_code == 302
    assert act(farah, request, "close").status_code == 302
    assert fresh(cast, request).state == "closed"


def test_three_acts_that_lead_a_request_on_are_buttons_and_the_others_under_more(sign_in, cast):
    request, amina = made(cast, "access", subject=None, channel="form"), sign_in("amina")
    page = amina.get(row_url(MODEL, request.pk)).content.decode()
    buttons, more = page[page.index('<ul class="object-tools">') :].split('<details class="more">')
    assert re.findall(r'<a href="[^"]*/([a-z-]+)/"', buttons) == ["read", "match", "decide"]
    offered = re.findall(r'<a href="[^"]*/([a-z-]+)/"', more.split("</details>")[0])
    assert {"note", "assign", "pause"} < set(offered)
    assert offered[-2:] == ["hand-over", "history"]


def test_a_client_does_not_see_which_officer_a_request_is_assigned_to(sign_in, cast):
    request = made(cast)
    act(sign_in("amina"), request, "assign", assignee=str(cast.user_id("amina")))
    for url in (list_url(MODEL), row_url(MODEL, request.pk)):
        assert cast.user("amina").email in sign_in("amina").get(url).content.decode()
        page = sign_in("farah").get(url).content.decode()
        assert (request.number in page, cast.user("amina").email in page) == (True, False)


def test_pauses_extension_notes_and_assignment_at_the_desk(sign_in, cast):
    request, amina = made(cast), sign_in("amina")
    assert act(amina, request, "note", text="Called.").status_code == 302
    assert "Called." in act(amina, request, "read", reason="review").content.decode()
    assert act(amina, request, "assign", assignee=str(cast.user_id("amina"))).status_code == 302
    assert act(amina, request, "pause", cause="clarification").status_code == 302
    assert amina.get(row_url(MODEL, request.pk, "pause")).status_code == 302, "a pause is running"
    assert act(amina, request, "resume").status_code == 302
    assert act(amina, request, "extend", days="10", text="Many systems.").status_code == 302
    row = fresh(cast, request)
    assert row.assignee_id == cast.user_id("amina")
    assert row.expected_by - row.due_at >= timedelta(days=10)


def test_an_officer_matches_verifies_routes_and_links(sign_in, cast):
    first = made(cast, subject=None, channel="form", days_ago=1)
    later, amina = made(cast), sign_in("amina")
    assert "No person at this client" in act(amina, first, "match", subject="lms-kiran").content.decode()
    assert act(amina, first, "match", subject="lms-hamza").status_code == 302
    assert row_url(MODEL, first.pk, "verify") not in amina.get(row_url(MODEL, first.pk)).content.decode()
    refused = act(amina, first, "call-back", outcome="reached").content.decode()
    assert "No telephone number of this person is on file" in refused
    add_phone(cast)
    assert act(amina, first, "call-back", outcome="reached").status_code == 302
    part = part_of(first)
    assert act(amina, first, "route", part=str(part.pk), decider="paktaleem").status_code == 200, "it has that part"
    assert act(amina, later, "link", other=str(first.pk)).status_code == 302
    assert fresh(cast, later).state == "duplicate"


def test_a_support_agent_records_a_telephone_call_on_the_persons_page(sign_in, cast):
    sana, url = sign_in("sana"), row_url("people/subject", cast.subject_id("hamza"), "rights-request")
    assert sana.get(url).status_code == 200
    karachi = ZoneInfo("Asia/Karachi")
    day = (timezone.now() - timedelta(days=2)).astimezone(karachi).date().isoformat()
    made_by = sana.post(url, {"kinds": ["access", "erasure"], "details": "By phone", "received_on": day})
    assert made_by.status_code == 302
    with in_client(cast.client_id("indus")):
        row = RightsRequest.objects.get()
        assert (row.channel, row.state) == ("telephone", "identity_pending")
        assert row.received_at.astimezone(karachi).date().isoformat() == day
        assert set(RequestPart.objects.values_list("kind", flat=True)) == {"access", "erasure"}
    assert sana.get(row_url(MODEL, row.pk)).status_code == 200
    assert sana.get(row_url(MODEL, row.pk, "read")).status_code == 403


def test_figures_say_what_was_answered_in_time(cast):
    with in_client(cast.client_id("indus")):
        for answered_after, notice_after in ((4, None), (35, 20), (35, 31), (None, None)):
            request = received(cast, "complaint", "question")
            if notice_after and notice_after < 30:
                extend_request(request, days=20, text="Why", actor=cast.actor("amina"), at=AT + notice_after * DAY)
            if answered_after:
                at = AT + answered_after * DAY
                answer_request(decided(cast, request, at=at), text="Yes.", actor=cast.actor("amina"), at=at)
        found = {one.kind: one for one in get_figures(cast.actor("amina"), since=AT)}
        assert get_figures(cast.actor("amina"), since=AT + DAY) == []
    one = found["complaint"]
    assert (one.received, one.answered, one.in_time, one.median_days) == (4, 3, 2, 35.0)
    assert set(found) == {"complaint", "question"}


def reported(cast, text="A teacher posted my son's marks.", **given):
    details = {"subject": None, "channel": "form", "contact": "somebody@mail.example", "details": text}
    return received(cast, "child_concern", **{**details, **given})


def closed(cast, request, decision="granted", by="farah"):
    actor = cast.actor(by)
    decide_part(part_of(request, "paktaleem"), decision=decision, actor=actor, at=AT)
    return close_request(answer_request(request, text="Done.", actor=actor, at=AT), actor=actor, at=AT)


def rows_of(cast, code="indus"):
    with in_client(cast.client_id(code)):
        return list(RightsRequest.objects.filter(client_id=cast.client_id(code)).order_by("pk"))


def test_a_concern_gets_the_same_response_whether_the_child_is_known_or_not(cast):
    pages = []
    for name in ("Danish Qureshi of class 4", "Nobody At All of class 4"):
        answer = send(visitor(), "/concern/indus/", text=f"About {name}.", contact="")
        assert answer.status_code == 200
        pages.append(re.sub(r'<strong class="number".*?</strong>', "", answer.content.decode()))
    assert pages[0] == pages[1]
    rows = rows_of(cast)
    assert len(rows) == 2
    for row in rows:
        assert (row.subject_id, row.requester_id, row.channel, row.state) == (None, None, "form", "in_review")
    assert all(row.due_at - row.received_at == 30 * DAY for row in rows)
    with in_client(cast.client_id("indus")):
        assert set(RequestPart.objects.values_list("kind", flat=True)) == {"child_concern"}
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(to_jsonb(t)::text, '') FROM requests_rightsrequest t")
            assert "Danish" not in cursor.fetchone()[0]


def test_the_reporter_gets_the_number_and_is_matched_with_no_person(cast):
    page = send(visitor(), "/concern/indus/", text="About a child.", contact="esra.qureshi@mail.example")
    work_on_codes()
    [row] = rows_of(cast)
    assert row.number in page.content.decode()
    assert (row.subject_id, mail.outbox) == (None, [])


def told_about(name, number):
    """Return what the form does and responds about a person: status, headers, body and every statement."""
    browser = visitor(REMOTE_ADDR=f"203.0.113.{number}")  # the rate limit counts by address
    page = browser.get("/concern/indus/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    given = {"csrfmiddlewaretoken": token[1], "text": f"About {name}.", "contact": ""}
    with CaptureQueriesContext(connection) as asked:
        answer = browser.post("/concern/indus/", given)
    headers = {name: value for name, value in answer.headers.items() if name not in {"Content-Length", "X-Request-ID"}}
    body = re.sub(r'(<strong class="number"[^>]*>).{8}(</strong>)', r"\1\2", answer.content.decode())
    shapes = [re.sub(r"'[^']*'|\\\\x[0-9a-f]+|\d+", "?", one["sql"]) for one in asked.captured_queries]
    return answer.status_code, headers, re.sub(r"nonce-[^']+", "", body), len(answer.content), shapes


def test_known_unknown_erased_and_foreign_children_take_the_same_work_and_give_the_same_bytes(cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("iqra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    # Known, unknown, by its LMS id, erased, of another school, and a guardian's address:
    names = ["Danish Qureshi", "Nobody At All", "lms-danish", "Iqra Shah", "Kiran Tareen", "esra.qureshi@mail.example"]
    told_about("Somebody", 99)  # the first request of a process compiles the register, and keeps it
    first, *others = [told_about(name, number) for number, name in enumerate(names)]
    assert first[0] == 200
    assert first[4], "something was written"
    for other in others:
        assert other == first


def test_a_concern_without_a_school_belongs_to_paktaleem(cast):
    assert send(visitor(), "/concern/", text="Something is wrong.").status_code == 200
    assert len(rows_of(cast, "paktaleem")) == 1


def test_an_empty_text_is_reported_at_its_field_and_too_many_concerns_are_refused(cast):
    assert send(visitor(), "/concern/indus/").status_code == 422
    assert visitor().post("/concern/indus/", {"text": "x"}).status_code == 403
    assert visitor().get("/concern/nobody_here/").status_code == 404
    found = [send(visitor(), "/concern/indus/", text="Again.").status_code for _ in range(11)]
    assert found == [200] * 10 + [429]


@pytest.mark.parametrize("by", ["farah", "amina"])
def test_the_client_and_paktaleem_may_each_act_on_it_and_it_is_answered_once(cast, indus, by):
    row = closed(cast, reported(cast), by=by)
    assert (row.is_open, row.state) == (False, "closed")
    with pytest.raises(RequestEnded):
        close_request(row, actor=cast.actor(by), at=AT)
    for name in ("sana", "bilal", "celia"):
        with pytest.raises(NotAllowed):
            closed(cast, reported(cast), by=name)


def test_the_text_is_deleted_some_time_after_the_answer(cast, indus, settings):
    row, waits = closed(cast, reported(cast)), reported(cast)
    worker, late = system_actor("tests"), AT + default_period("request_texts")
    assert purge_old_requests(row.client_id, actor=worker, at=late - timedelta(seconds=1)) == 0
    assert purge_old_requests(row.client_id, actor=worker, at=late) == 1
    RightsRequest.objects.filter(pk=waits.pk).update(wrapped=None)
    for gone in (row, waits):
        with pytest.raises(Refused, match="have been deleted"):
            read_request(gone, actor=cast.actor("amina"), reason=Reason.REVIEW, at=late)
    row.refresh_from_db()
    assert (row.details, row.contact, row.answer) == (None, None, None)


def kinds_of(request):
    return {(part.kind, part.decider) for part in list_parts(request)}


def test_a_concern_turns_into_a_right_and_keeps_its_number_and_clock(cast, indus):
    row = reported(cast)
    turned = add_rights(row, kinds=["erasure"], actor=cast.actor("farah"), at=AT + DAY)
    assert (turned.number, turned.received_at, turned.due_at) == (row.number, AT, AT + 30 * DAY)
    assert kinds_of(turned) == {("child_concern", "paktaleem"), ("erasure", "client"), ("erasure", "paktaleem")}
    assert turned.state == "triage", "a right needs a person whose identity is verified"
    entry = Entry.objects.get(kind="rights_request.rights_added")
    assert json.loads(entry.body)["facts"]["added"] == ["erasure"]
    assign_person(turned, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=AT + DAY)
    verify_identity(turned, actor=cast.actor("farah"), at=AT + DAY)
    turned.refresh_from_db()
    assert turned.state == "with_client"


def test_a_verified_question_that_withdraws_consent_is_carried_out_at_once(cast, indus):
    row = add_rights(received(cast, "question"), kinds=["withdrawal"], actor=cast.actor("amina"), at=AT)
    assert {part.kind: part.decision for part in list_parts(row)} == {"question": "", "withdrawal": "granted"}


@pytest.mark.parametrize("kinds", [[], ["question"], ["child_concern"], ["erasure", "question"]])
def test_only_rights_that_the_request_does_not_have_are_added(cast, indus, kinds):
    row = received(cast, "question", "access")
    for wrong in (kinds, ["access"]):
        with naming("kinds"):
            add_rights(row, kinds=wrong, actor=cast.actor("amina"), at=AT)
    assert {kind for kind, _ in kinds_of(row)} == {"question", "access"}


def test_a_request_that_is_no_question_an_ended_one_and_other_roles_are_refused(cast, indus):
    with pytest.raises(Refused, match="Only a question or a concern"):
        add_rights(received(cast, "access"), kinds=["erasure"], actor=cast.actor("amina"), at=AT)
    with pytest.raises(RequestEnded):
        add_rights(closed(cast, reported(cast)), kinds=["erasure"], actor=cast.actor("amina"), at=AT)
    refused_to(cast, "sana bilal celia", add_rights, reported(cast), kinds=["erasure"], at=AT)


def test_at_the_desk_a_concern_is_read_turned_into_a_right_and_shown_on_the_timeline(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = reported(cast, "Somebody worries.")
    farah = sign_in("farah")
    assert "Somebody worries." not in farah.get(row_url(MODEL, row.pk)).content.decode()
    read = farah.post(row_url(MODEL, row.pk, "read"), {"reason": "incident"})
    assert b"Somebody worries." in read.content
    form = farah.get(row_url(MODEL, row.pk, "add-rights")).content.decode()
    assert ('value="erasure"' in form, 'value="child_concern"' in form) == (True, False)
    assert farah.post(row_url(MODEL, row.pk, "add-rights"), {"kinds": ["erasure"]}).status_code == 302
    page = farah.get(row_url(MODEL, row.pk)).content.decode()
    assert "Question or concern turned into a right" in page
    assert farah.get(row_url(MODEL, row.pk, "history")).status_code == 200
    part = in_indus(cast, lambda: RequestPart.objects.get(kind="child_concern"))
    decided = {"part": str(part.pk), "decision": "granted", "refusal_code": "", "reasons": ""}
    assert farah.post(row_url(MODEL, row.pk, "decide"), decided).status_code == 302


@pytest.fixture
def caller(cast):
    return Caller(cast.key("indus"))


def test_the_platform_opens_a_request_and_follows_it(caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kind": "access", "details": "All of it"})
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["state"], body["identity_verified"]) == ("access", "with_client", True)
    assert body["due_at"] == body["expected_by"] > body["received_at"]
    assert {part["decided_by"] for part in body["parts"]} == {"client", "paktaleem"}
    assert "details" not in body
    assert caller.get(f"{URL}/{body['id']}").json() == body
    assert [one["id"] for one in caller.get(URL).json()["requests"]] == [body["id"]]


def test_the_platform_follows_the_copy_of_a_request_and_sees_no_content(cast, caller):
    request = decided(cast, received(cast))
    url = f"{URL}/{request.pk}/copy"
    nothing = dict.fromkeys(("failure", "built_at", "expires_at", "ended_at"))
    assert caller.get(url).json() == {"state": "collecting", **nothing, "downloads": 0}
    with in_client(request.client_id):
        answered(cast, request, PNG)
        assert build(request) is not None
        answer_request(request, text="Ready.", actor=cast.actor("farah"), at=AT)
        fetched(cast, request)
    shown = caller.get(url).json()
    assert (shown["state"], shown["built_at"], shown["downloads"]) == ("ready", AT.isoformat(), 1)
    assert shown["expires_at"] == (AT + 14 * DAY).isoformat()
    other = caller.post(URL, {"subject": "lms-hamza", "kind": "erasure"}).json()
    assert caller.get(f"{URL}/{other['id']}/copy").json()["state"] == "none"
    assert Caller(cast.key("khyber")).get(url).status_code == 404


def test_several_rights_and_a_person_who_is_not_signed_in(caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kinds": ["erasure", "portability"], "signed_in": False})
    assert (made.status_code, made.json()["state"]) == (201, "identity_pending")
    assert {part["kind"] for part in made.json()["parts"]} == {"erasure", "portability"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "lms-hamza"}, "#/kind"),
        ({"subject": "lms-hamza", "kind": "access", "kinds": ["access"]}, "#/kind"),
        ({"subject": "lms-hamza", "kind": "everything"}, "#/kind"),
        ({"subject": "lms-hamza", "kinds": []}, "#/kinds"),
        ({"subject": "lms-hamza", "kinds": ["access", "access"]}, "#/kinds"),
        ({"subject": "lms-hamza", "kind": "access", "purposes": ["none_such"]}, "#/purposes"),
        ({"subject": "lms-hamza", "kind": "access", "details": "x" * 4001}, "#/details"),
        ({"subject": 7, "kind": "access"}, "#/subject"),
        ({"subject": "lms-hamza", "kind": "access", "urgent": True}, "#/urgent"),
    ],
)
def test_wrong_input_names_its_field(caller, body, field):
    answer = caller.post(URL, body)
    assert answer.status_code == 400
    assert [error["pointer"].rsplit("/0", 1)[0] for error in answer.json()["errors"]] == [field]


def test_another_clients_people_and_requests_are_not_there(cast, caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kind": "access"}).json()
    khyber = Caller(cast.key("khyber"))
    assert khyber.get(f"{URL}/{made['id']}").status_code == 404
    assert khyber.get(URL).json()["requests"] == []
    assert khyber.post(URL, {"subject": "lms-hamza", "kind": "access"}).status_code == 404
    assert Client().get(URL).status_code == 401


def test_a_list_takes_the_same_number_of_queries_however_long_it_is(caller):
    counts = []
    for _ in range(2):
        for _ in range(3):
            caller.post(URL, {"subject": "lms-hamza", "kinds": ["access", "erasure"]})
        with CaptureQueriesContext(connection) as queries:
            caller.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_pages_follow_each_other_and_a_foreign_cursor_is_refused(caller):
    for _ in range(3):
        caller.post(URL, {"subject": "lms-hamza", "kind": "question"})
    first = caller.get(f"{URL}?limit=2").json()
    rest = caller.get(first["next"]).json()
    assert (len(first["requests"]), len(rest["requests"]), rest["next"]) == (2, 1, None)
    assert caller.get(f"{URL}?cursor=forged").status_code == 400
    assert len(caller.get(f"{URL}?subject=lms-hamza&state=all").json()["requests"]) == 3
    assert caller.get(f"{URL}?subject=lms-iqra").json()["requests"] == []
    assert caller.get(f"{URL}/not-an-id").status_code == 404
