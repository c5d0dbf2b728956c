"""The desk: queue, page of a request, acts, intake by telephone, cards and figures."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.selectors import get_figures
from rights.requests.services.clock import extend_request
from rights.requests.services.closing import answer_request
from tests.console.pages import list_url, row_url
from tests.rights.cases import AT, DAY, absent, add_phone, asked_by_guardian, decided, part_of, received, verified

MODEL = "requests/rightsrequest"


def made(cast, *kinds, days_ago=0, **given):
    with in_client(cast.client_id("indus")):
        return received(cast, *kinds, at=timezone.now() - timedelta(days=days_ago), **given)


def act(browser, request, slug, **values):
    return browser.post(row_url(MODEL, request.pk, slug), values)


def fresh(cast, request):
    with in_client(cast.client_id("indus")):
        return RightsRequest.objects.get(pk=request.pk)


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
