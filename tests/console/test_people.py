"""People's data stays encrypted: access needs a reason and is recorded; erasure is for officers only."""

import json
from typing import Any

import pytest
from django.utils import timezone

from paktaleem.directory.people.models import AccessRecord, Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.erasures.models import ErasureProposal
from tests.cast import Cast
from tests.console.pages import MODELS, answer, list_url, row_url
from tests.signing_in import SignIn

PLAIN = ("Danish Qureshi", "Esra Qureshi", "esra.qureshi@mail.example", "+923001234567", "Junaid Mirza")


def reveal_url(cast: Cast, name: str = "esra") -> str:
    return row_url("subjects/subject", cast.subject_id(name), "reveal")


def looks(cast: Cast) -> list[Any]:
    with in_client(cast.client_id("indus")):
        return list(AccessRecord.objects.values_list("actor_id", "reason", "fields", "subject_id"))


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_look_shows_the_values_and_is_recorded(name: str, sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in(name)
    response = browser.post(reveal_url(cast), {"fields_wanted": ["full_name", "email"], "reason": "support_case"})
    page = response.content.decode()
    assert "Esra Qureshi" in page
    assert "esra.qureshi@mail.example" in page
    assert "+923001234567" not in page
    assert looks(cast) == [(cast.user_id(name), "support_case", "full_name, email", cast.subject_id("esra"))]
    shown = browser.get(list_url("subjects/accessrecord")).content.decode()
    assert "Support case" in shown
    assert "no-store" in response["Cache-Control"]


def test_without_a_reason_nothing_is_shown(sign_in: SignIn, cast: Cast) -> None:
    response = sign_in("amina").post(reveal_url(cast), {"fields_wanted": ["full_name"]})
    assert "Esra Qureshi" not in response.content.decode()
    assert looks(cast) == []


@pytest.mark.parametrize(("name", "status"), [("bilal", 403), ("sana", 403), ("celia", 404)])
def test_the_wrong_role_sees_nothing(name: str, status: int, sign_in: SignIn, cast: Cast) -> None:
    response = sign_in(name).post(reveal_url(cast), {"fields_wanted": ["full_name"], "reason": "review"})
    assert response.status_code == status
    assert looks(cast) == []


@pytest.mark.parametrize("name", ["amina", "farah", "bilal", "sana"])
def test_no_page_shows_plaintext_before_a_look(name: str, sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in(name)
    urls = [list_url(model) for model in MODELS]
    for person in ("danish", "esra", "junaid"):
        urls += [row_url("subjects/subject", cast.subject_id(person), page) for page in ("change", "history", "reveal")]
    for url in urls:
        page = browser.get(url).content.decode()
        assert not [text for text in PLAIN if text in page], url


def find(browser: Any, text: str, **given: str) -> str:
    page: str = browser.post("/admin/subjects/subject/find/", {"text": text, **given}).content.decode()
    return page


def searches(cast: Cast, code: str = "indus") -> list[tuple[Any, Any]]:
    with in_client(cast.client_id(code)):
        found = Entry.objects.filter(kind="people.searched").order_by("id")
        return [(entry.actor_id, json.loads(entry.body)["facts"]) for entry in found]


def test_a_search_takes_a_reason_and_is_recorded_without_its_text(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    for given in ({}, {"reason": "curiosity"}):
        assert "lms-esra" not in find(farah, "Esra Qureshi", **given)
    assert (searches(cast), looks(cast)) == ([], [])
    assert "lms-esra" in find(farah, "esra.qureshi@mail.example", reason="support_case")
    facts = {"by": "name_or_contact", "reason": "support_case", "found": 1}
    assert searches(cast) == [(cast.user_id("farah"), facts)]
    assert looks(cast) == [(cast.user_id("farah"), "support_case", "search", cast.subject_id("esra"))]
    assert "Found by a search" in farah.get(list_url("subjects/accessrecord")).content.decode()


def test_a_search_that_finds_no_one_is_recorded_too(sign_in: SignIn, cast: Cast) -> None:
    find(sign_in("farah"), "Quaintrelle", reason="review")
    assert searches(cast) == [(cast.user_id("farah"), {"by": "name_or_contact", "reason": "review", "found": 0})]
    assert looks(cast) == []


def test_the_reason_is_requested_once_in_a_session_and_can_be_changed(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    find(farah, "Esra Qureshi", reason="support_case")
    assert '<option value="support_case" selected>' in farah.get("/admin/subjects/subject/find/").content.decode()
    assert "lms-danish" in find(farah, "Danish Qureshi")
    find(farah, "Danish Qureshi", reason="subject_request")
    find(farah, "Danish Qureshi")
    reasons = [facts["reason"] for _, facts in searches(cast)]
    assert reasons == ["support_case", "support_case", "subject_request", "subject_request"]
    other = sign_in("farah")
    assert "lms-esra" not in find(other, "Esra Qureshi")


def test_an_officers_search_is_recorded_at_the_client(sign_in: SignIn, cast: Cast) -> None:
    find(sign_in("amina"), "Esra Qureshi", reason="incident", client=str(cast.client_id("indus")))
    assert [(actor, facts["reason"]) for actor, facts in searches(cast)] == [(cast.user_id("amina"), "incident")]
    assert [look[:2] for look in looks(cast)] == [(cast.user_id("amina"), "incident")]
    assert searches(cast, "khyber") == []


def test_a_search_of_the_list_by_id_is_recorded_without_a_reason(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    farah.get("/admin/subjects/subject/")
    assert searches(cast) == []
    farah.get("/admin/subjects/subject/?q=lms-es")
    assert searches(cast) == [(cast.user_id("farah"), {"by": "lms_id"})]
    sign_in("amina").get("/admin/subjects/subject/?q=lms-es")
    with in_client(PAKTALEEM):
        [entry] = Entry.objects.filter(kind="people.searched")
        assert entry.actor_id == cast.user_id("amina")


def test_a_person_is_found_by_name_through_the_form_only(sign_in: SignIn, cast: Cast) -> None:
    farah, amina, celia = sign_in("farah"), sign_in("amina"), sign_in("celia")
    indus = str(cast.client_id("indus"))
    assert "lms-esra" in find(farah, "ESRA  qureshi", reason="support_case")
    assert "lms-esra" in find(amina, "Esra Qureshi", reason="support_case", client=indus)
    nobody = find(celia, "Esra Qureshi", reason="support_case", client=indus)
    assert "lms-esra" not in nobody
    assert "No person is registered" in nobody
    assert "lms-esra" in farah.get("/admin/subjects/subject/?q=lms-esra").content.decode()
    assert "lms-esra" not in farah.get("/admin/subjects/subject/?q=Esra+Qureshi").content.decode()


def test_a_client_administrator_sees_one_client_and_nothing_else(sign_in: SignIn) -> None:
    page = sign_in("celia").get(list_url("subjects/subject")).content.decode()
    assert "lms-kiran" in page
    assert not [name for name in ("danish", "esra", "hamza", "iqra", "junaid") if f"lms-{name}" in page]
    everyone = sign_in("amina").get(list_url("subjects/subject")).content.decode()
    assert "lms-kiran" in everyone
    assert "lms-danish" in everyone


@pytest.mark.parametrize("page", ["change", "history", "reveal", "erase", "answer", "restrict", "object"])
def test_a_person_of_another_client_is_not_found(page: str, sign_in: SignIn, cast: Cast) -> None:
    for name in ("celia", "amina"):
        browser = sign_in(name)
        foreign = cast.subject_id("danish") if name == "celia" else new_id()
        for method in (browser.get, browser.post):
            theirs = answer(method(row_url("subjects/subject", foreign, page)))
            nobody = answer(method(row_url("subjects/subject", new_id(), page)))
            assert theirs == nobody
            assert theirs[0] == (404 if page != "erase" or name == "amina" else 403)


def test_nothing_of_another_client_is_there_in_any_model(sign_in: SignIn, cast: Cast) -> None:
    celia = sign_in("celia")
    with in_client(cast.client_id("indus")):
        rows = [
            (model, row)
            for model in MODELS
            if model not in {"accounts/user", "accounts/client"}
            for row in _models()[model]._default_manager.filter(client_id=cast.client_id("indus"))[:1]
        ]
    assert len(rows) > 8
    rows.append(("accounts/client", type("Row", (), {"pk": cast.client_id("indus")})))
    for model, row in rows:
        for page in ("change", "history"):
            theirs, nobody = (answer(celia.get(row_url(model, one, page))) for one in (row.pk, new_id()))
            assert theirs == nobody, (model, page)
            assert theirs[0] == 404


def _models() -> dict[str, Any]:
    from tests.console.pages import admin_of  # noqa: PLC0415

    return {model: admin_of(model).model for model in MODELS}


def test_proposing_to_erase_takes_the_typed_id_and_an_officer(sign_in: SignIn, cast: Cast) -> None:
    url = row_url("subjects/subject", cast.subject_id("esra"), "erase")
    assert sign_in("farah").post(url, {"confirmation": "lms-esra", "reason": "subject_request"}).status_code == 403
    amina = sign_in("amina")
    asked = {"seen": amina.get(url).context["form"].initial["seen"], "reason": "subject_request"}
    refused = amina.post(url, {**asked, "confirmation": "lms-danish"})
    assert "This is not the LMS id" in refused.content.decode()
    assert amina.post(url, {**asked, "confirmation": "lms-esra"}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert ErasureProposal.objects.get().subject_id == cast.subject_id("esra")
        assert not Subject.objects.get(pk=cast.subject_id("esra")).is_being_erased


@pytest.mark.parametrize("name", ["amina", "farah", "bilal", "sana"])
def test_after_an_erasure_every_page_still_works_and_says_so(name: str, sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=timezone.now())
    browser = sign_in(name)
    for page in ("change", "history"):
        shown = browser.get(row_url("subjects/subject", cast.subject_id("esra"), page))
        assert shown.status_code == 200
        assert "erased" in shown.content.decode()
    for model in ("subjects/subject", "subjects/guardianclaim") if name != "sana" else ("subjects/subject",):
        assert "erased" in browser.get(list_url(model)).content.decode()
    assert browser.get(row_url("subjects/subject", cast.subject_id("danish"))).status_code == 200


def test_what_is_too_late_changes_nothing(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=timezone.now())
    browser = sign_in("amina")
    response = browser.post(reveal_url(cast), {"fields_wanted": ["full_name"], "reason": "review"}, follow=True)
    assert "Nothing was done" in response.content.decode()
    assert looks(cast) == []
