"""A guardian requests a copy of a child's data: only that guardian fetches it, and only while they have authority."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from children.guardians.models import Guardianship, Verification
from children.guardians.services.guardians import change_guardian, end_guardian
from children.guardians.services.verifications import mark_verification_false
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.files.models import PackageKey
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.models import Package, PackageDownload
from rights.packages.selectors import may_fetch
from rights.packages.services import PackageNotThere, end_due_packages, hand_over_package, request_package
from rights.requests.letters import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import add_note, decide_part
from tests.access_links.visiting import latest_code, send, work
from tests.children.browsers import by_contact, child_page
from tests.children.guardians import make_guardian, verified_guardian
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.rights.cases import AT, absent, asked_by_guardian, decided, in_indus, part_of, present, received, verified
from tests.rights.packing import PNG, answered, build, built, content_of, data_in, fetched, package_of, unpacked
from tests.rights.test_public_pages import own_page

MODEL = "requests/rightsrequest"
WORDS = "Only the mother wrote this."


def ready(cast, wish="copy", *, at=AT):
    verified(cast, at=at)
    request = decided(cast, asked_by_guardian(cast, wish, text=WORDS, at=at), at=at, is_begun=True)
    with in_client(request.client_id):
        answered(cast, request, PNG, at=at)
        assert build(request, at=at) is not None
        request.refresh_from_db()
        return answer_request(request, text=compose_answer(request), actor=cast.actor("farah"), at=at)


def without_contact(cast, name):
    person = cast.subject(name)
    person.email = person.email_index = person.phone = person.phone_index = None
    save_tracked(person, actor=SETTING_UP, reason=Reason.CORRECTION, at=AT)


@pytest.mark.parametrize("wish", ["copy", "portability"])
def test_the_guardian_fetches_what_was_granted_and_it_is_counted(cast, indus, wish):
    request = ready(cast, wish)
    package = package_of(request)
    assert package.subject_id == cast.subject_id("danish"), "sealed under the key of the child"
    with pytest.raises(Refused, match="The copy has not been fetched yet"):
        close_request(request, actor=cast.actor("farah"), at=AT)
    assert fetched(cast, request, by="esra") == content_of(package)
    [download] = PackageDownload.objects.filter(package=package)
    assert (download.way, download.actor_id) == ("own_page", cast.subject_id("esra"))
    assert close_request(request, actor=cast.actor("farah"), at=AT).state == "closed"


def test_neither_the_child_nor_another_guardian_fetches_it(cast, indus):
    request = ready(cast)
    other = make_guardian(cast.client("indus"), "father", at=AT)
    verified_guardian(cast.subject("danish"), other, at=AT)
    assert may_fetch(request, cast.subject("esra"), at=AT)
    assert not may_fetch(request, other, at=AT)
    for name in ("danish", "hamza"):
        with pytest.raises(PackageNotThere):
            fetched(cast, request, by=name)
    assert PackageDownload.objects.count() == 0
    own = received(cast, subject="danish")
    assert (may_fetch(own, cast.subject("danish"), at=AT), may_fetch(own, cast.subject("esra"), at=AT)) == (True, False)


@pytest.mark.parametrize("how", ["ended", "not informed", "not verified"])
def test_a_guardian_who_lost_the_authority_after_the_grant_fetches_no_copy(cast, indus, how):
    by: dict[str, Any] = {"actor": SETTING_UP, "at": AT}
    request, row = ready(cast), Guardianship.objects.get()
    if how == "ended":
        end_guardian(row, **by)
    elif how == "not informed":
        change_guardian(row, changes={"may_receive_data": False}, **by)
    else:
        mark_verification_false(Verification.objects.get(), **by)
    with pytest.raises(PackageNotThere):
        fetched(cast, request, by="esra")
    without_contact(cast, "esra")
    with pytest.raises(PackageNotThere):
        hand_over_package(request, actor=cast.actor("farah"), reason=Reason.SUBJECT_REQUEST, at=AT)
    assert PackageDownload.objects.count() == 0


def test_staff_hand_a_copy_over_only_to_a_guardian_without_a_contact(cast, indus):
    request, farah = ready(cast), cast.actor("farah")
    by = {"actor": farah, "reason": Reason.SUBJECT_REQUEST, "at": AT}
    with pytest.raises(Refused, match="A contact is on file, so the copy is fetched "):
        hand_over_package(request, **by)
    without_contact(cast, "esra")
    request = RightsRequest.objects.get(pk=request.pk)
    assert "handed over to you in person" in compose_answer(request)
    package, content = hand_over_package(request, **by)
    assert b"".join(content) == content_of(package)
    assert PackageDownload.objects.get().way == "by_hand"
    assert AccessRecord.objects.filter(subject=request.subject, actor_id=farah.id).count() == 1


def test_the_answer_leads_to_the_guardians_page_and_a_new_copy_is_announced_to_the_guardian(cast, indus):
    request = ready(cast)
    text = compose_answer(request)
    assert absent(text, "The copy of the child’s data is ready.", "/guardian/indus/") == []
    request_package(request, left_out=[], actor=cast.actor("farah"), at=AT)
    assert build(request) is not None
    told = Letter.objects.filter(kind="rights_copy_ready")
    assert {letter.subject_id for letter in told} == {cast.subject_id("esra")}


def test_what_systems_gave_is_deleted_once_when_the_request_is_closed(cast, indus):
    request, later = ready(cast), AT + timedelta(minutes=10)
    fetched(cast, request, by="esra")
    close_request(request, actor=cast.actor("farah"), at=AT)
    assert [end_due_packages(request.client_id, actor=SETTING_UP, at=later) for _time in range(2)] == [1, 0]
    assert {order.copies_purged_at for order in Order.objects.filter(parent_id=request.pk)} == {later}
    assert Entry.objects.filter(kind="order.copies_purged").count() == 1, "one system gave something"
    assert not PackageKey.objects.exists()


def test_what_systems_gave_is_deleted_when_the_guardian_is_erased(cast, indus):
    request = ready(cast)
    erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    assert Package.objects.get(request=request).state == "ended"
    assert not PackageKey.objects.exists()


def test_the_texts_of_a_guardians_request_are_in_copies_for_the_guardian_only(cast, indus):
    request = ready(cast)
    add_note(request, text="A note about the mother.", actor=cast.actor("farah"), at=AT)
    for_mother = made_for(cast, "esra")
    [row] = [one for one in for_mother["requests"] if one["number"] == request.number]
    assert (row["part"], row["details"]) == ("requester", WORDS)
    assert [one["text"] for one in for_mother["request_notes"]] == ["A note about the mother."]
    for_child = made_for(cast, "danish")
    [row] = [one for one in for_child["requests"] if one["number"] == request.number]
    assert (row["part"], row["details"], row["contact"], row["answer"]) == ("subject", None, None, None)
    assert [one["text"] for one in for_child["request_notes"]] == [None]


def test_a_copy_for_a_guardian_has_their_own_texts_and_not_those_of_the_child(cast, indus):
    received(cast, "question", subject="danish", details="Only the child wrote this.")
    request = ready(cast)
    files = unpacked(content_of(package_of(request)))
    whole = b"".join(files.values()).decode("utf-8", "replace")
    assert (WORDS in whole, "Only the child wrote this." in whole) == (True, False)
    assert "This copy was made for a guardian." in files["index.en.html"].decode()


def made_for(cast, name):
    return data_in(unpacked(content_of(package_of(built(cast, subject=name, files=())))))["sections"]


def copy_page(cast, request):
    return child_page(cast, more=f"data/copy/{request.pk}/")


def test_on_the_page_the_guardian_fetches_the_copy_within_ten_minutes_after_a_code(cast, time_machine):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    request = ready(cast, at=now)
    browser, data = by_contact(), child_page(cast, more="data/")
    assert copy_page(cast, request) in browser.get(data).content.decode()
    assert "Download the copy" in browser.get(copy_page(cast, request)).content.decode()
    time_machine.move_to(now + timedelta(minutes=11), tick=False)
    page = browser.get(copy_page(cast, request)).content.decode()
    assert ("Send me a code" in page, "Download the copy" in page) == (True, False)
    assert send(browser, copy_page(cast, request))["Location"].startswith("/guardian/code/")
    work()
    entered = send(browser, "/guardian/code/", code=latest_code())
    assert entered["Location"].startswith(copy_page(cast, request))
    assert "Download the copy" in browser.get(entered["Location"]).content.decode()
    answer = send(browser, copy_page(cast, request))
    assert "index.en.html" in unpacked(b"".join(answer.streaming_content))
    with in_client(cast.client_id("indus")):
        assert PackageDownload.objects.get(package__request=request).actor_id == cast.subject_id("esra")
        changes = {"may_receive_data": False}
        change_guardian(Guardianship.objects.get(), changes=changes, actor=SETTING_UP, at=timezone.now())
    assert browser.get(copy_page(cast, request)).status_code == 404
    page = browser.get(data).content.decode()
    assert ("Fetch the copy" in page, "you may not receive the child’s data now" in page) == (False, True)


def test_a_new_code_for_the_copy_does_not_reset_the_count(cast, time_machine):
    request = ready(cast, at=timezone.now())
    browser = by_contact()
    time_machine.move_to(timezone.now() + timedelta(minutes=11), tick=False)
    asked = [send(browser, copy_page(cast, request)).status_code for _time in range(3)]
    assert asked == [302, 302, 429], "three codes an hour for a contact, with the one of the sign-in"


def test_a_guardian_ends_an_unanswered_request_and_no_other(cast):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        done = ready(cast, at=now)
        erasing, waits = asked_by_guardian(cast, "deletion", at=now), asked_by_guardian(cast, "rectification", at=now)
        decide_part(part_of(erasing), decision="granted", actor=cast.actor("farah"), at=now)
        others = received(cast, subject="danish")
    browser, page, end = by_contact(), child_page(cast, more="data/"), child_page(cast, more="data/end/")
    shown = browser.get(page).content.decode()
    assert shown.count("End this request") == 1
    assert f'value="{waits.pk}"' in shown
    answers = [send(browser, end, form_at=page, request=str(one.pk)) for one in (done, erasing, waits)]
    said = [one.headers["Location"].partition("done=")[2] for one in answers]
    assert said == ["nothing", "nothing", "ended"]
    assert send(browser, end, form_at=page, request=str(others.pk)).status_code == 404
    with in_client(cast.client_id("indus")):
        states = [RightsRequest.objects.get(pk=one.pk).state for one in (done, erasing, waits, others)]
    assert [state == "withdrawn" for state in states] == [False, False, True, False]


def test_the_page_says_nothing_of_the_copy_of_a_request_that_the_guardian_ended(cast):
    verified(cast)
    request = asked_by_guardian(cast, "copy", at=timezone.now())
    browser, page = by_contact(), child_page(cast, more="data/")
    assert "The copy is being collected" in browser.get(page).content.decode()
    send(browser, child_page(cast, more="data/end/"), form_at=page, request=str(request.pk))
    with in_client(cast.client_id("indus")):
        ended = [end_due_packages(request.client_id, actor=SETTING_UP, at=timezone.now()) for _time in range(2)]
    assert ended == [1, 0]
    shown = browser.get(page).content.decode()
    assert "You ended it" in shown
    assert present(shown, "The copy is being collected", "The copy was deleted") == []


def test_the_timeline_says_that_a_guardian_acted(sign_in, cast):
    request = ready(cast)
    page = sign_in("farah").get(row_url(MODEL, request.pk)).content.decode()
    assert ("A guardian" in page, "The data subject" in page) == (True, False)


def ready_to_fetch(cast, subject="hamza"):
    with in_client(cast.client_id("indus")):
        request = built(cast, subject=subject, at=timezone.now() - timedelta(minutes=1))
        return answer_request(request, text="Here it is.", actor=cast.actor("farah"), at=timezone.now())


def copy_url(request):
    return f"/requests/copy/{request.pk}/"


def test_a_session_of_the_learning_platform_needs_a_code_for_the_copy(cast):
    request, browser = ready_to_fetch(cast), own_page(cast)
    own = browser.get("/requests/mine/").content.decode()
    assert absent(own, copy_url(request), "The copy is ready until") == []
    page = browser.get(copy_url(request)).content.decode()
    assert ("Send me a code" in page, "Download the copy" in page) == (True, False)
    asked = send(browser, copy_url(request))
    assert (asked.status_code, in_indus(cast, PackageDownload.objects.count)) == (302, 0)
    work()
    assert mail.outbox[-1].to == ["hamza.lodhi@students.example"]
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    assert "Download the copy" in browser.get(copy_url(request)).content.decode()
    answer = send(browser, copy_url(request))
    archive = b"".join(answer.streaming_content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == f'attachment; filename="copy-{request.number}.zip"'
    assert answer["Cache-Control"] == "no-store"
    assert int(answer["Content-Length"]) == len(archive)
    assert in_indus(cast, lambda: content_of(package_of(request))) == archive
    assert "index.en.html" in unpacked(archive)
    assert in_indus(cast, PackageDownload.objects.count) == 1


def test_another_persons_copy_is_not_there(cast):
    request, browser = ready_to_fetch(cast), own_page(cast, "lms-junaid")
    assert browser.get(copy_url(request)).status_code == 404
    assert send(browser, copy_url(request), form_at="/requests/mine/").status_code == 404
    assert copy_url(request) not in browser.get("/requests/mine/").content.decode()


def test_the_answers_email_only_says_that_the_copy_is_ready(cast):
    with in_client(cast.client_id("indus")):
        request = built(cast, at=timezone.now())
        answer_request(request, text=compose_answer(request), actor=cast.actor("farah"), at=timezone.now())
    work()
    letter = next(one for one in mail.outbox if "the answer to your request" in one.subject)
    assert letter.attachments == []
    assert absent(letter.body, "The copy of your data is ready", "/requests/follow/indus/") == []
    assert "lms-hamza" not in letter.body


def test_the_desk_sees_the_state_and_counts_and_never_the_content(sign_in, cast):
    request, farah = ready_to_fetch(cast), sign_in("farah")
    page = farah.get(row_url(MODEL, request.pk)).content.decode()
    assert all(words in page for words in ("Copy of the data", "Ready", "Fetched 0 times.", "It can be fetched until"))
    preview = farah.post(row_url(MODEL, request.pk, "copy-preview"), {}).content.decode()
    assert ("Your details" in preview, "Hamza Lodhi" in preview) == (True, False)
    built_again = farah.post(row_url(MODEL, request.pk, "copy-build"), {}, follow=True).content.decode()
    assert absent(built_again, "The copy will be built.", "Being built") == []
    assert "copy-hand-over" not in page, "the person has a contact"


def test_staff_hand_a_copy_over_to_a_person_without_a_contact(sign_in, cast):
    request, farah = ready_to_fetch(cast, "danish"), sign_in("farah")
    assert "copy-hand-over" in farah.get(row_url(MODEL, request.pk)).content.decode()
    answer = farah.post(row_url(MODEL, request.pk, "copy-hand-over"), {"reason": "subject_request"})
    assert "index.ur.html" in unpacked(b"".join(answer.streaming_content))
    assert cast.get(PackageDownload, package__request=request).way == "by_hand"
    assert cast.has(AccessRecord, subject=request.subject_id, reason="subject_request")
