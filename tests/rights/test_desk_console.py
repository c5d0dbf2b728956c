"""The desk in the console: the queue, a request taken in by telephone, letters, tasks, cards, figures."""

from datetime import timedelta
from uuid import UUID

from django.core import mail
from django.utils import timezone

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import AccessRecord, Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.models import RequestLetter, RequestTask
from rights.desk.services import add_task, send_letter
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.services.intake import confirm_own_request
from tests.console.pages import list_url, refused_by_policy, row_url
from tests.rights.cases import absent, add_phone, asked_by_guardian, decided, in_indus, own, received, verified
from tests.rights.test_console import MODEL, act, fresh, made
from tests.sandbox.making import Sandbox

TASK = "desk/requesttask"
TAKE_IN = f"{list_url(TASK)}take-in/"


def test_the_list_opens_with_open_requests_due_soonest_first_and_filters_narrow_it(sign_in, cast):
    rows = {days: made(cast, "access", days_ago=days) for days in (3, 31, 25)}
    other = made(cast, "question", days_ago=1)
    closed = made(cast, "access", subject=None, channel="form", days_ago=2)
    with in_client(cast.client_id("indus")):
        RightsRequest.objects.filter(pk=closed.pk).update(state="withdrawn", closed_at=timezone.now())
    amina = sign_in("amina")
    act(amina, rows[3], "assign", assignee=str(cast.user_id("amina")))
    page = amina.get(list_url(MODEL)).content.decode()
    places = [page.index(rows[days].number) for days in (31, 25, 3)]
    assert places == sorted(places)
    assert closed.number not in page
    assert all(words in page for words in ("in 27 days", "in 5 days", "1 day late", "amina@paktaleem.example"))
    for query, shown in (
        ("progress=all", {closed, other, *rows.values()}),
        ("progress=due_soon", {rows[25]}),
        ("progress=overdue", {rows[31]}),
        ("right=question", {other}),
        ("assigned=me", {rows[3]}),
        ("assigned=none", {other, rows[31], rows[25]}),
        ("state__exact=withdrawn", set()),
        ("state__exact=withdrawn&progress=all", {closed}),
    ):
        found = amina.get(f"{list_url(MODEL)}?{query}").content.decode()
        assert {one for one in (closed, other, *rows.values()) if one.number in found} == shown, query


def test_the_cards_of_the_first_page_lead_to_exactly_their_rows(sign_in, cast):
    soon, late = made(cast, days_ago=25), made(cast, days_ago=31)
    amina = sign_in("amina")
    act(amina, late, "assign", assignee=str(cast.user_id("amina")))
    later = (timezone.now() + timedelta(days=2)).date().isoformat()
    act(amina, soon, "task", kind="ask_client", assignee=str(cast.user_id("amina")), due_on=later)
    first = amina.get("/admin/").content.decode()
    for url, shown, hidden in (
        (f"{list_url(MODEL)}?progress=due_soon", soon, late),
        (f"{list_url(MODEL)}?progress=overdue", late, soon),
        (f"{list_url(MODEL)}?progress=open&assigned=me", late, soon),
        (f"{list_url(TASK)}?progress=open&assigned=me", soon, late),
    ):
        assert url.replace("&", "&amp;") in first
        page = amina.get(url).content.decode()
        assert (shown.number in page, hidden.number in page) == (True, False), url
    assert "Tasks assigned to no one" not in first
    with in_client(cast.client_id("indus")):
        RequestTask.objects.update(assignee=None)
    assert f"{list_url(TASK)}?assigned=none" in amina.get("/admin/").content.decode()
    assert soon.number in amina.get(f"{list_url(TASK)}?assigned=none").content.decode()
    assert "My tasks" not in sign_in("farah").get("/admin/").content.decode()


def test_a_clients_administrator_does_not_see_which_officer_has_a_task(sign_in, cast):
    request = made(cast)
    with in_client(cast.client_id("indus")):
        given = {"assignee": cast.user("amina"), "actor": cast.actor("amina")}
        later = (timezone.now() + timedelta(days=2)).date()
        task = add_task(request, kind="ask_client", due_on=later, at=timezone.now(), **given)
    farah, email = sign_in("farah"), cast.user("amina").email
    for url in (list_url(TASK), row_url(TASK, task.pk), row_url(MODEL, request.pk)):
        page = farah.get(url).content.decode()
        assert email not in page, url
        assert email in sign_in("amina").get(url).content.decode(), url
    assert farah.post(row_url(TASK, task.pk, "done")).status_code == 302
    assert in_indus(cast, lambda: RequestTask.objects.get().done_by) == cast.user_id("farah")
    assert sign_in("celia").get(row_url(TASK, task.pk)).status_code == 404


def test_support_takes_in_the_request_of_a_person_who_is_found_and_calls_back(sign_in, cast):
    add_phone(cast)
    sana = sign_in("sana")
    sought = {"text": "Hamza Lodhi", "client": str(cast.client_id("indus")), "reason": "subject_request"}
    page = sana.post(TAKE_IN, sought).content.decode()
    url = row_url("people/subject", cast.subject_id("hamza"), "rights-request")
    assert url in page
    assert in_indus(cast, lambda: AccessRecord.objects.get().actor_id) == cast.user_id("sana"), "the search is recorded"
    assert sana.post(url, {"kinds": ["access"], "details": "Send me everything"}).status_code == 302
    row = in_indus(cast, RightsRequest.objects.get)
    call = sana.get(row_url(MODEL, row.pk, "call-back")).content.decode()
    assert ("on file for more than 72 hours" in call, "+923007654321" in call) == (True, False)
    assert "/reveal/" not in call, "support agents do not see the number"
    assert "/reveal/" in sign_in("amina").get(row_url(MODEL, row.pk, "call-back")).content.decode()
    assert act(sana, row, "call-back", outcome="reached").status_code == 302
    assert fresh(cast, row).identity_method == "call_back"
    for slug in ("read", "note", "letter", "send-letter", "task", "decide", "answer"):
        assert sana.get(row_url(MODEL, row.pk, slug)).status_code == 403, slug
    assert "Send me everything" not in sana.get(row_url(MODEL, row.pk)).content.decode()


def test_the_first_page_of_a_support_agent_leads_to_whom_to_call_back(sign_in, cast):
    sana = sign_in("sana")
    assert sana.get("/admin/").context["attention"] == []
    add_phone(cast)
    calling = {"identity": "", "channel": "telephone"}
    late, due = made(cast, "access", days_ago=31, **calling), made(cast, "erasure", days_ago=3, **calling)
    with_code = made(cast, "restriction", days_ago=5, **calling)
    with in_client(cast.client_id("indus")):
        confirm_own_request(with_code, by_code=True, actor=own(cast), at=timezone.now())
    known = made(cast, "portability", identity="lms")
    without_number = made(cast, "access", subject="danish", **calling)
    unknown = made(cast, "access", subject=None, **calling)
    [card] = sana.get("/admin/").context["attention"]
    assert (card.title, card.value) == ("People to call back", "3")
    assert card.url == f"{list_url(MODEL)}?progress=to_call_back"
    assert (card.severity, card.due_at) == (Severity.URGENT, late.answer_by)
    shown = [row.pk for row in sana.get(card.url).context["cl"].result_list]
    assert shown == [late.pk, with_code.pk, due.pk]
    assert not {known.pk, without_number.pk, unknown.pk} & set(shown)
    assert "Call back" in sana.get(row_url(MODEL, due.pk)).content.decode()
    act(sana, late, "call-back", outcome="reached")
    act(sana, due, "call-back", outcome="not_them")
    act(sana, with_code, "call-back", outcome="not_reached")
    [card] = sana.get("/admin/").context["attention"]
    assert card.value == "1", "who did not answer is to be called again"
    assert [row.pk for row in sana.get(card.url).context["cl"].result_list] == [with_code.pk]


def test_who_handles_requests_has_calls_among_the_tasks_and_no_line_of_their_own(sign_in, cast):
    add_phone(cast)
    row = made(cast, identity="", channel="telephone")
    for name in ("amina", "farah"):
        cards = sign_in(name).get("/admin/").context["attention"]
        assert "People to call back" not in {card.title for card in cards}
    assert in_indus(cast, RequestTask.objects.open().filter(request=row, kind="call").exists)


def test_the_page_of_a_call_shows_the_number_of_the_guardian_who_made_the_request(sign_in, cast):
    now = timezone.now()
    verified(cast, at=now)
    row = asked_by_guardian(cast, "copy", identity="", channel="telephone", actor=cast.actor("sana"), at=now)
    page = sign_in("amina").get(row_url(MODEL, row.pk, "call-back")).content.decode()
    assert "on file for more than 72 hours" in page
    assert row_url("people/subject", cast.subject_id("esra"), "reveal") in page
    assert row_url("people/subject", cast.subject_id("danish"), "reveal") not in page


def test_an_unknown_caller_is_recorded_at_paktaleem_or_at_a_client(sign_in, cast):
    sana = sign_in("sana")
    kinds = ["erasure", "question"]
    told = {"unknown": "1", "caller-kinds": kinds, "caller-details": "Delete", "caller-language": "ur"}
    wrong = sana.post(TAKE_IN, {**told, "caller-kinds": []})
    assert (wrong.status_code, b"This field is required" in wrong.content) == (200, True)
    assert sana.post(TAKE_IN, told).status_code == 302
    with in_client(PAKTALEEM):
        row = RightsRequest.objects.get()
        assert (row.channel, row.state, row.language) == ("telephone", "triage", "ur")
        assert set(RequestPart.objects.values_list("kind", flat=True)) == {"erasure", "question"}
        assert not Letter.objects.filter(related_id=row.pk).exists(), "who calls is never written to"
    known = {**told, "caller-client": str(cast.client_id("indus")), "caller-contact": "someone@mail.example"}
    assert sana.post(TAKE_IN, known).status_code == 302
    assert in_indus(cast, lambda: RightsRequest.objects.get().state) == "triage"
    assert sign_in("farah").post(TAKE_IN, told).status_code == 302
    with in_client(cast.client_id("indus")):
        assert sorted(RightsRequest.objects.values_list("channel", flat=True)) == ["client", "telephone"]


def test_a_letter_is_drafted_previewed_edited_and_sent(sign_in, cast):
    row, farah = made(cast, "access"), sign_in("farah")
    chosen = act(farah, row, "letter", occasion="clarification", language="ur")
    assert chosen.status_code == 302
    draft = farah.get(chosen["Location"]).content.decode()
    assert "[… سوال یہاں لکھیں۔]" in draft
    values = {"occasion": "clarification", "language": "ur", "text": "کون سا سال؟", "way": "mail", "pauses": "on"}
    preview = act(farah, row, "send-letter", preview="1", **values).content.decode()
    assert absent(preview, f"آپ کی درخواست {row.number} کے بارے میں", "nothing has been sent") == []
    assert not in_indus(cast, RequestLetter.objects.exists)
    assert act(farah, row, "send-letter", **values).status_code == 302
    with in_client(cast.client_id("indus")):
        assert Letter.objects.filter(kind="rights_letter").count() == RequestLetter.objects.count() == 1
    page = farah.get(row_url(MODEL, row.pk)).content.decode()
    assert ("Clarification needed" in page, "کون سا سال؟" in page) == (True, False)
    assert "کون سا سال؟" in act(farah, row, "read", reason="review").content.decode()
    assert mail.outbox == []


def test_a_letter_is_printed_and_handed_over(sign_in, cast):
    row, amina = made(cast, "question", subject=None, channel="form"), sign_in("amina")
    page = amina.get(f"{row_url(MODEL, row.pk, 'send-letter')}?occasion=identity&language=en").content.decode()
    assert 'value="mail"' not in page
    values = {"occasion": "identity", "language": "en", "text": "Please call us.", "way": "by_hand"}
    sheet = act(amina, row, "send-letter", **values).content.decode()
    assert absent(sheet, "Please call us.", row.number) == []
    assert refused_by_policy(sheet) == []


def test_the_answer_is_drafted_by_its_outcome_previewed_and_printed_without_a_contact(sign_in, cast):
    row, amina = made(cast, "question", subject="iqra"), sign_in("amina")
    decided(cast, row, at=timezone.now())
    assert "We do what you asked for." in amina.get(row_url(MODEL, row.pk, "answer")).content.decode()
    preview = act(amina, row, "answer", text="Yes, gladly.", preview="1").content.decode()
    assert f"the answer to your request {row.number}" in preview
    assert fresh(cast, row).answered_at is None
    assert "Yes, gladly." in act(amina, row, "answer", text="Yes, gladly.").content.decode()
    assert fresh(cast, row).answered_at is not None


def test_a_notice_has_a_template_and_a_preview(sign_in, cast):
    row, farah = made(cast, "access"), sign_in("farah")
    assert "[… Write the reasons here.]" in farah.get(row_url(MODEL, row.pk, "extend")).content.decode()
    for more, shown in (
        ({"text": "[… Write the reasons here.]"}, "Something is missing"),
        ({"text": "Because.", "preview": "1"}, "needs more time"),
    ):
        assert shown in act(farah, row, "extend", days="10", **more).content.decode()
        assert fresh(cast, row).notice_at is None
    assert act(farah, row, "extend", days="10", text="Because.").status_code == 302


def test_an_officer_sees_the_clock_of_a_sandboxs_request_by_the_time_of_the_sandbox(sign_in, cast):
    sandbox = Sandbox()
    sandbox.move(days=4)
    made_there = sandbox.caller.post("/api/v1/rights-requests", {"subject": "p-adult", "kind": "access"}).json()
    assert "30 days left" in sign_in("amina").get(row_url(MODEL, UUID(made_there["id"]))).content.decode()


def test_support_calls_a_number_of_a_sandbox_that_is_old_enough_by_the_time_of_the_sandbox(sign_in, cast):
    sandbox = Sandbox()
    details = {"role": "learner", "phone": "+923007654321"}
    assert sandbox.caller.put("/api/v1/subjects/p-adult", details).status_code == 200
    sandbox.move(days=4)
    sana = sign_in("sana")
    with in_client(sandbox.id):
        person = Subject.objects.get(external_id="p-adult").pk
    made_there = sana.post(row_url("people/subject", person, "rights-request"), {"kinds": ["access"]})
    call = made_there["Location"].replace("/change/", "/call-back/")
    assert "on file for more than 72 hours" in sana.get(call).content.decode()


def test_figures_have_a_period(sign_in, cast):
    made(cast, "access", days_ago=100)
    made(cast, "question", days_ago=1)
    amina, url = sign_in("amina"), f"{list_url(MODEL)}figures/"
    for period, shown in (("30", False), ("90", False), ("365", True), ("all", True), ("nonsense", True)):
        page = amina.get(f"{url}?period={period}").content.decode()
        assert ("Access to the data" in page, "Question" in page) == (shown, True), period
    assert sign_in("celia").get(f"{url}?period=all").content.decode().count("Access to the data") == 0


def test_days_in_the_console_are_those_of_the_client(sign_in, cast):
    night = timezone.now().replace(hour=21, minute=0) - timedelta(days=2)
    day_in_karachi = (night + timedelta(days=1)).date().isoformat()
    with in_client(cast.client_id("indus")):
        row, other = received(cast, at=night), received(cast, at=night)
        send_letter(row, occasion="closing", text="Done.", way="by_hand", actor=cast.actor("farah"), at=night)
    amina = sign_in("amina")
    assert f"{other.number} · {day_in_karachi}" in amina.get(row_url(MODEL, row.pk, "link")).content.decode()
    assert f"Closing · {day_in_karachi}" in act(amina, row, "read", reason="review").content.decode()


def test_a_notice_that_is_not_mailed_is_shown_to_be_printed(sign_in, cast):
    row, now = made(cast), timezone.now()
    with in_client(cast.client_id("indus")):
        told = {"client": cast.client("indus"), "actor": cast.actor("farah"), "at": now}
        register_subject("lms-hamza", details={"email": "new@mail.example"}, **told)
    page = act(sign_in("amina"), row, "extend", days="30", text="We still look for it.").content.decode()
    assert "It was not sent by email: print it, hand it over, and record that." in page
    assert "We still look for it." in page
