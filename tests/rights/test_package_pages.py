"""The copy on the person's own page, behind a fresh code, and in the console."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from paktaleem.directory.access_links import sessions
from paktaleem.directory.people.models import AccessRecord
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.models import PackageDownload
from rights.requests.letters import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from tests.access_links.visiting import issue, latest_code, path_of, send, visitor, work
from tests.cast import Cast
from tests.console.pages import row_url
from tests.rights.packing import built, content_of, package_of, unpacked
from tests.signing_in import SignIn

MODEL = "requests/rightsrequest"
DAYS = timedelta(days=1)


def ready(cast: Cast, subject: str = "hamza") -> RightsRequest:
    """Make a request whose copy is ready and named in the answer."""
    with in_client(cast.client_id("indus")):
        request = built(cast, subject=subject, at=timezone.now() - timedelta(minutes=1))
        return answer_request(request, text="Here it is.", actor=cast.actor("farah"), at=timezone.now())


def from_the_lms(cast: Cast, subject: str = "lms-hamza") -> Client:
    """Return a browser that the learning platform has sent to the person's own page."""
    browser = visitor()
    assert send(browser, path_of(issue(cast, "indus", subject, "requests").json()["url"])).status_code == 302
    return browser


def copy_url(request: RightsRequest) -> str:
    return f"/requests/copy/{request.pk}/"


def download(browser: Client, request: RightsRequest) -> Any:
    return send(browser, copy_url(request))


def downloads_of(cast: Cast, request: RightsRequest) -> int:
    with in_client(cast.client_id("indus")):
        return PackageDownload.objects.filter(package__request=request).count()


def test_a_session_of_the_learning_platform_needs_a_code_for_the_copy(cast: Cast) -> None:
    request, browser = ready(cast), from_the_lms(cast)
    own = browser.get("/requests/mine/").content.decode()
    assert copy_url(request) in own
    assert "The copy is ready until" in own
    page = browser.get(copy_url(request)).content.decode()
    assert "Send me a code" in page
    assert "Download the copy" not in page
    asked = download(browser, request)
    assert (asked.status_code, downloads_of(cast, request)) == (302, 0)
    work()
    assert mail.outbox[-1].to == ["hamza.lodhi@students.example"]
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    assert "Download the copy" in browser.get(copy_url(request)).content.decode()
    answer = download(browser, request)
    archive = b"".join(answer.streaming_content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == f'attachment; filename="copy-{request.number}.zip"'
    assert answer["Cache-Control"] == "no-store"
    assert int(answer["Content-Length"]) == len(archive)
    with in_client(cast.client_id("indus")):
        assert archive == content_of(package_of(request))
    assert "index.en.html" in unpacked(archive)
    assert downloads_of(cast, request) == 1


def test_a_code_is_fresh_for_ten_minutes_even_if_the_session_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, browser = ready(cast), visitor()
    send(browser, "/requests/follow/indus/", contact="hamza.lodhi@students.example")
    work()
    began = timezone.now()
    send(browser, "/requests/code/", code=latest_code())
    page = browser.get(copy_url(request)).content.decode()
    assert "Download the copy" in page
    old = sessions.PageSession.__init__

    def aged(self: Any, *args: Any, **kwargs: Any) -> None:
        old(self, *args, **kwargs)
        object.__setattr__(self, "began_at", began - timedelta(minutes=11))

    monkeypatch.setattr(sessions.PageSession, "__init__", aged)
    assert "Send me a code" in browser.get(copy_url(request)).content.decode()
    assert download(browser, request)["Location"].startswith("/requests/code/")
    assert downloads_of(cast, request) == 0


def test_another_persons_copy_is_not_there(cast: Cast) -> None:
    request, browser = ready(cast), from_the_lms(cast, "lms-junaid")
    assert browser.get(copy_url(request)).status_code == 404
    assert send(browser, copy_url(request), form_at="/requests/mine/").status_code == 404
    assert copy_url(request) not in browser.get("/requests/mine/").content.decode()


def test_the_answers_email_only_says_that_the_copy_is_ready(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        request = built(cast, at=timezone.now())
        answer_request(request, text=compose_answer(request), actor=cast.actor("farah"), at=timezone.now())
    work()
    letter = next(one for one in mail.outbox if "the answer to your request" in one.subject)
    assert letter.attachments == []
    assert "The copy of your data is ready" in letter.body
    assert "lms-hamza" not in letter.body


def test_the_desk_sees_the_state_and_counts_and_never_the_content(sign_in: SignIn, cast: Cast) -> None:
    request, farah = ready(cast), sign_in("farah")
    page = farah.get(row_url(MODEL, request.pk)).content.decode()
    assert all(words in page for words in ("Copy of the data", "Ready", "Fetched 0 times.", "It can be fetched until"))
    preview = farah.post(row_url(MODEL, request.pk, "copy-preview"), {}).content.decode()
    assert "Your details" in preview
    assert "Hamza Lodhi" not in preview
    built_again = farah.post(row_url(MODEL, request.pk, "copy-build"), {}, follow=True).content.decode()
    assert "The copy will be built." in built_again
    assert "Being built" in built_again
    assert "copy-hand-over" not in page, "the person has a contact"


def test_staff_hand_a_copy_over_to_a_person_without_a_contact(sign_in: SignIn, cast: Cast) -> None:
    request, farah = ready(cast, "danish"), sign_in("farah")
    assert "copy-hand-over" in farah.get(row_url(MODEL, request.pk)).content.decode()
    answer: Any = farah.post(row_url(MODEL, request.pk, "copy-hand-over"), {"reason": "subject_request"})
    archive = b"".join(answer.streaming_content)
    assert "index.ur.html" in unpacked(archive)
    with in_client(cast.client_id("indus")):
        assert PackageDownload.objects.get(package__request=request).way == "by_hand"
        assert AccessRecord.objects.filter(subject=request.subject_id, reason="subject_request").exists()
