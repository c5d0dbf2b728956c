"""The console pages of an erasure, and the person's own page on which they cancel it."""

import hashlib
import re
from datetime import timedelta

from django.core import mail
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.proposals import NOTIFY
from rights.erasures.tasks import notify_of_erasure
from rights.rectifications.models import RecipientNotice
from rights.rectifications.services import record_informed
from rights.requests.services.closing import answer_request
from tests.access_links import visiting
from tests.access_links.visiting import latest_code, send, visitor
from tests.console.pages import list_url, row_url
from tests.erasures.steps import AFTER, HOUR, approved, certified, go_on, proposed, send_all, waive_all
from tests.rights.cases import AT, absent, approve_recipient, decided, in_indus, part_of, received
from tests.signing_in import browser_of
from tests.working import work as work_on

MODEL = "erasures/erasureproposal"
ASKED = {"confirmation": "lms-hamza", "ground": "They asked.", "reason": "subject_request"}


def work():
    work_on({**visiting.TASKS, NOTIFY: notify_of_erasure})


def the_only(cast):
    with in_client(cast.client_id("indus")):
        return ErasureProposal.objects.select_related("subject").get()


def propose_in_console(sign_in, cast):
    url, amina = row_url("people/subject", cast.subject_id("hamza"), "erase"), sign_in("amina")
    page = amina.get(url)
    words = page.content.decode()
    assert absent(words, "What the erasure would do", "What becomes unreadable for ever") == []
    assert absent(words, "What is kept, and why", "72 hours") == []
    return amina.post(url, {**ASKED, "seen": page.context["form"].initial["seen"]})


def test_an_officer_proposes_and_the_client_approves_beside_the_same_preview(sign_in, cast):
    made = propose_in_console(sign_in, cast)
    row = the_only(cast)
    assert made["Location"] == row_url(MODEL, row.pk)
    assert "Needs a second person" in sign_in("amina").get(row_url(MODEL, row.pk)).content.decode()
    refused = sign_in("amina").post(row_url(MODEL, row.pk, "approve"), {"reason": "review"})
    assert "You requested this change yourself" in refused.content.decode()
    farah = sign_in("farah")
    approval = farah.get(row_url(MODEL, row.pk, "approve")).content.decode()
    assert all(words in approval for words in ("They asked.", "PakTaleem", "Requested by"))
    first = farah.get("/admin/").content.decode()
    assert f"{list_url(MODEL)}?stage__exact=proposed" in first
    assert "What the erasure would do" in farah.get(row_url(MODEL, row.pk, "approve")).content.decode()
    assert farah.post(row_url(MODEL, row.pk, "approve"), {"reason": "review"}).status_code == 302
    page = farah.get(row_url(MODEL, row.pk)).content.decode()
    assert "Cooling-off until" in page
    person = farah.get(row_url("people/subject", row.subject_id)).content.decode()
    assert "Approved; it starts on" in person, "at the top of the person's page"
    assert row_url(MODEL, row.pk) in person
    assert farah.post(row_url(MODEL, row.pk, "cancel")).status_code == 302
    assert the_only(cast).stage == "cancelled"
    page = sign_in("amina").get(f"{row_url('people/subject', row.subject_id)}?tab=requests").content.decode()
    assert row.number in page


def test_a_proposal_from_an_old_page_is_refused(sign_in, cast):
    url, amina = row_url("people/subject", cast.subject_id("hamza"), "erase"), sign_in("amina")
    seen = amina.get(url).context["form"].initial["seen"]
    received(cast, "restriction")
    for wrong, words in ((seen, "has changed since"), ("[]", "send the form again"), ("", "send the form again")):
        again = amina.post(url, {**ASKED, "seen": wrong})
        assert words in again.content.decode()
    fresh = again.context["form"]["seen"].value()
    assert amina.post(url, {**ASKED, "seen": fresh}).status_code == 302, "the page shows the preview as it is now"


def test_granting_an_erasure_takes_recent_authentication(cast):
    request = received(cast, "erasure", purposes=["newsletter"], at=timezone.now())
    part, url = part_of(request), row_url("requests/rightsrequest", request.pk, "decide")
    stale = browser_of(cast.user("farah"), seconds_ago=301)
    refused = {"refusal_code": "excessive", "reasons": "Because."}
    for decision, more, leads_away in (("granted", {}, True), ("refused", refused, False)):
        answer = stale.post(url, {"part": str(part.pk), "decision": decision, **more})
        assert (answer.status_code, "reauthenticate" in answer["Location"]) == (302, leads_away)
    assert not in_indus(cast, ErasureProposal.objects.exists)


def test_the_certificate_is_downloaded_by_the_client(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = certified(cast, approved(cast), timezone.now() + timedelta(days=90))
        kept = Certificate.objects.get()
    for name in ("amina", "bilal", "farah"):
        browser = sign_in(name)
        found = browser.post(row_url(MODEL, row.pk, "certificate-json"))
        assert found["Content-Disposition"] == f'attachment; filename="erasure-{row.number}.json"'
        assert hashlib.sha256(found.content).hexdigest() == kept.sha256
        assert browser.post(row_url(MODEL, row.pk, "certificate-pdf")).content.startswith(b"%PDF-")
        assert kept.sha256 in browser.get(row_url(MODEL, row.pk)).content.decode()
    assert sign_in("celia").post(row_url(MODEL, row.pk, "certificate-json")).status_code == 404


def test_the_page_of_a_started_erasure_says_what_it_still_waits_for(sign_in, cast):
    with in_client(cast.client_id("indus")):
        approve_recipient(cast)
        restricted = decided(cast, received(cast, "restriction", purposes=["newsletter"]))
        answer_request(restricted, text="It is restricted.", actor=cast.actor("farah"), at=AT)
        row = go_on(approved(cast), AFTER)
        assert row.stage == "ordered"
    farah, url = sign_in("farah"), row_url(MODEL, row.pk)

    def waits():
        found = re.search(r'<ul class="waits">(.*?)</ul>', farah.get(url).content.decode(), re.DOTALL)
        return re.findall(r"<li>(.*?)</li>", found[1]) if found else []

    systems, message = "A system has not answered", "A message to the person is not sent"
    recipients = f"Not every recipient is informed yet. Record it on the page of {restricted.number}, lms-hamza."
    found = waits()
    assert [one.partition(" yet")[0] for one in found if one != recipients] == [systems, message]
    assert recipients in found
    with in_client(cast.client_id("indus")):
        send_all(AFTER)
        waive_all(cast, AFTER)
    assert waits() == [recipients]
    with in_client(cast.client_id("indus")):
        for notice in RecipientNotice.objects.all():
            record_informed(notice, outcome="informed", actor=cast.actor("farah"), at=AFTER)
    assert waits() == []


def test_the_page_says_in_words_what_the_verification_found(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = go_on(approved(cast), AFTER)
        found = ["data_systems.order.named", "requests.rightsrequest.wrapped"]
        ErasureProposal.objects.filter(pk=row.pk).update(stage="verifying", faults=found)
    page = sign_in("farah").get(row_url(MODEL, row.pk)).content.decode()
    assert "An open order of another case still names the person: have it answered, or waive it." in page
    assert "requests.rightsrequest.wrapped" in page, "without words, the code"


def test_a_request_sent_back_is_proposed_again_on_its_page(sign_in, cast):
    at = timezone.now()
    request = received(cast, "erasure", purposes=["newsletter"], at=at)
    part = part_of(request)
    farah, url = sign_in("farah"), row_url("requests/rightsrequest", request.pk, "propose-erasure")
    farah.post(row_url("requests/rightsrequest", request.pk, "decide"), {"part": str(part.pk), "decision": "granted"})
    row = the_only(cast)
    page = farah.get(row_url("requests/rightsrequest", request.pk)).content.decode()
    assert (row_url(MODEL, row.pk) in page, url in page) == (True, False)
    sign_in("amina").post(row_url(MODEL, row.pk, "decline"), {"reason": "review"})
    assert url in farah.get(row_url("requests/rightsrequest", request.pk)).content.decode()
    seen = farah.get(url).context["form"].initial["seen"]
    assert farah.post(url, {"ground": "They asked.", "reason": "subject_request", "seen": seen}).status_code == 302
    assert in_indus(cast, ErasureProposal.objects.filter(stage="proposed", request=request).count) == 1


def own_page(cast):
    approved(cast, at=timezone.now())
    work()
    [letter] = mail.outbox
    assert letter.to == ["hamza.lodhi@students.example"]
    browser, [link] = visitor(), re.findall(r"/requests/link/\S+", str(letter.body))
    assert send(browser, link).status_code == 302
    work()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    return browser


def test_the_person_cancels_with_a_code_on_their_own_page(cast):
    browser = own_page(cast)
    row = the_only(cast)
    page = browser.get("/requests/mine/").content.decode()
    assert absent(page, "Your data will be erased", row.number) == []
    done = send(browser, "/requests/mine/erasure/", form_at="/requests/mine/", erasure=str(row.pk))
    assert "The erasure is cancelled" in done.content.decode()
    row = the_only(cast)
    assert (row.stage, row.cancelled_kind) == ("cancelled", "subject")
    assert "will be erased" not in browser.get("/requests/mine/").content.decode()


def test_the_own_page_cancels_no_one_elses_erasure(cast):
    browser = own_page(cast)
    other = proposed(cast, "junaid", at=timezone.now() - HOUR)
    for key in (str(other.pk), "nonsense", ""):
        assert send(browser, "/requests/mine/erasure/", form_at="/requests/mine/", erasure=key).status_code == 404
    assert in_indus(cast, ErasureProposal.objects.before_start().count) == 2
    assert visitor().get("/requests/mine/erasure/").status_code == 405
