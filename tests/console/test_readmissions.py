"""Readmission of an erased person in the console: requested by one officer, approved by another."""

import pytest
from django.utils import timezone

from paktaleem.directory.people.models import Readmission
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.api.callers import Caller
from tests.console.pages import list_url, row_url
from tests.factories import make_staff
from tests.signing_in import browser_of

ADD = "/admin/people/readmission/add/"


@pytest.fixture
def gone(cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=timezone.now())
    return str(cast.client_id("indus"))


@pytest.fixture
def second(cast):
    return browser_of(make_staff("gul@paktaleem.example", ("privacy_officer", PAKTALEEM)))


def ask(browser, client, external_id="lms-hamza"):
    return browser.post(ADD, {"client": client, "external_id": external_id, "ground": "They came back."})


def asked(cast):
    with in_client(cast.client_id("indus")):
        return Readmission.objects.get()


def approve(browser, one):
    return browser.post(row_url("people/readmission", one.pk, "approve"), follow=True)


def register(cast):
    return int(Caller(cast.key("indus")).put("/api/v1/subjects/lms-hamza", {"role": "student"}).status_code)


def test_one_asks_another_approves_and_the_person_may_be_registered(sign_in, cast, gone, second):
    assert ask(sign_in("amina"), gone).status_code == 302
    assert register(cast) == 409
    waiting = second.get(list_url("people/readmission") + "?state=pending").content.decode()
    assert "amina@paktaleem.example" in waiting
    assert "Waiting" in waiting
    assert "amina@" not in second.get(list_url("people/readmission") + "?state=approved").content.decode()
    assert "Readmissions to approve" in second.get("/admin/").content.decode()
    assert "Approved: the learning platform may" in approve(second, asked(cast)).content.decode()
    assert asked(cast).approved_at is not None
    assert register(cast) == 201
    assert "Readmissions to approve" not in second.get("/admin/").content.decode()


@pytest.mark.parametrize("external_id", ["lms-danish", "lms-nobody", "", " "])
def test_only_an_erased_person_can_be_requested(sign_in, cast, gone, external_id):
    page = ask(sign_in("amina"), gone, external_id)
    assert "errorlist" in page.content.decode()
    with in_client(cast.client_id("indus")):
        assert not Readmission.objects.exists()


def test_the_lms_id_is_on_no_page_afterwards(sign_in, cast, gone, second):
    ask(sign_in("amina"), gone)
    row = asked(cast).pk
    pages = [
        list_url("people/readmission"),
        *(row_url("people/readmission", row, one) for one in ("change", "history")),
    ]
    assert not any("lms-hamza" in second.get(page).content.decode() for page in pages)


def test_a_client_sees_a_request_of_paktaleem_and_may_not_approve_it(sign_in, cast, gone):
    ask(sign_in("amina"), gone)
    farah = sign_in("farah")
    shown = farah.get(row_url("people/readmission", asked(cast).pk)).content.decode()
    assert "PakTaleem" in shown
    assert "amina@" not in shown
    assert approve(farah, asked(cast)).status_code == 403
    assert farah.get(ADD).status_code == 403
    assert sign_in("celia").get(row_url("people/readmission", asked(cast).pk)).status_code == 404
