"""Corrections on the person's own page, by the learning platform, at the desk, and on a person's page."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from consent.consents.models import Restriction
from consent.decisions.selectors.changes import preview_roles
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.models import CorrectedValue, Correction
from rights.rectifications.services import correct_roles
from rights.requests.models import RightsRequest
from tests.access_links.visiting import send, visitor
from tests.api.callers import Caller
from tests.console.pages import row_url, shows_effect_only
from tests.factories import SETTING_UP
from tests.rights.cases import absent, asked_by_guardian, in_indus, part_of, received, verified
from tests.rights.test_public_pages import own_page
from tests.signing_in import browser_of

MODEL, PERSON = "requests/rightsrequest", "people/subject"


def corrections(cast):
    with in_client(cast.client_id("indus")):
        return list(Correction.objects.order_by("pk"))


def made(cast):
    return received(cast, "rectification", at=timezone.now())


def test_after_a_request_for_rectification_the_person_says_what_is_wrong(cast):
    browser = own_page(cast)
    sent = send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds="rectification", details="My name")
    page = sent.headers["Location"]
    assert "/corrections/" in page
    assert "What is wrong?" in browser.get(page).content.decode()
    stated = {"field": "full_name", "old_value": "Hamza Lodi", "new_value": "Hamza Lodhi Khan", "evidence": "ID"}
    assert send(browser, page, form_at=page, **stated).status_code == 302
    wrong = send(browser, page, form_at=page, field="email", new_value="no address")
    assert wrong.status_code == 422
    assert "Use one email address" in wrong.content.decode()
    [row] = corrections(cast)
    assert (row.field, row.given_kind, row.state) == ("full_name", "subject", "open")
    shown = browser.get("/requests/mine/").content.decode()
    assert "Full name: Not decided yet" in " ".join(shown.split())
    assert ("Say what is wrong" in shown, "Khan" in shown) == (True, False)
    assert 'dir="rtl"' in browser.get(f"{page.partition('?')[0]}?lang=ur").content.decode()


def test_another_right_has_no_second_step_and_another_persons_request_is_not_there(cast):
    browser = own_page(cast)
    sent = send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds="access")
    assert "/corrections/" not in sent.headers["Location"]
    request = made(cast)
    assert own_page(cast, "lms-junaid").get(f"/requests/mine/{request.pk}/corrections/").status_code == 404
    assert visitor().get(f"/requests/mine/{request.pk}/corrections/").status_code == 403
    access = in_indus(cast, lambda: RightsRequest.objects.get(pk__lt=request.pk))
    assert browser.get(f"/requests/mine/{access.pk}/corrections/").status_code == 302


def test_a_child_does_not_open_the_corrections_of_a_guardians_request(cast):
    verified(cast, at=timezone.now())
    request = asked_by_guardian(cast, "rectification", at=timezone.now())
    assert own_page(cast, "lms-danish").get(f"/requests/mine/{request.pk}/corrections/").status_code == 404


def test_the_platform_states_corrections_and_follows_them(cast):
    caller = Caller(cast.key("indus"))
    opened = caller.post("/api/v1/rights-requests", {"subject": "lms-hamza", "kind": "rectification"}).json()
    url = f"/api/v1/rights-requests/{opened['id']}/corrections"
    answer = caller.post(url, {"field": "email", "old_value": "old@mail.example", "new_value": "new@mail.example"})
    assert answer.status_code == 201
    assert (answer.json()["field"], answer.json()["state"]) == ("email", "open")
    assert b"new@mail.example" not in answer.content
    assert caller.get(url).json()["corrections"] == [answer.json()]
    assert Caller(cast.key("khyber")).get(url).status_code == 404
    other = caller.post("/api/v1/rights-requests", {"subject": "lms-hamza", "kind": "access"}).json()
    refused = caller.post(f"/api/v1/rights-requests/{other['id']}/corrections", {"field": "email", "new_value": ""})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:paktaleem:problem:no-rectification")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"field": "role", "new_value": "x"}, "#/field"),
        ({"field": "email", "new_value": "no address"}, "#/new_value"),
        ({"field": "email"}, "#/new_value"),
        ({"field": "other", "new_value": "B"}, "#/about"),
        ({"field": "email", "new_value": "a@b.example", "urgent": True}, "#/urgent"),
    ],
)
def test_wrong_input_of_the_platform_names_its_field(cast, body, field):
    answer = Caller(cast.key("indus")).post(f"/api/v1/rights-requests/{made(cast).pk}/corrections", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [field]


def test_the_desk_states_reads_refuses_and_grants(sign_in, cast):
    request, farah = made(cast), sign_in("farah")

    def act(slug, **values):
        return farah.post(row_url(MODEL, request.pk, slug), values)

    assert "No correction is written down yet" in farah.get(row_url(MODEL, request.pk)).content.decode()
    assert act("add-correction", field="full_name", old_value="Lodi", new_value="Hamza Lodhi").status_code == 302
    assert "Use one email address" in act("add-correction", field="email", new_value="x").content.decode()
    assert act("add-correction", field="email", new_value="new@mail.example").status_code == 302
    read = act("read", reason="review").content.decode()
    assert all(text in read for text in ("Lodi", "Hamza Lodhi", "new@mail.example"))
    email = corrections(cast)[1]
    assert act("refuse-correction", correction=str(email.pk), reasons="").status_code == 200
    assert act("refuse-correction", correction=str(email.pk), reasons="It is not yours.").status_code == 302
    assert act("restrict-meanwhile", purposes=["newsletter"]).status_code == 302
    with in_client(cast.client_id("indus")):
        assert Restriction.objects.get().purpose_code == "newsletter"
        part = str(part_of(request).pk)
    whole = act("decide", part=part, decision="granted")
    assert "Some corrections are refused" in whole.content.decode()
    told = {"refusal_code": "no_match", "reasons": "Not the address."}
    assert act("decide", part=part, decision="partly", **told).status_code == 302
    page = farah.get(row_url(MODEL, request.pk)).content.decode()
    assert all(words in page for words in ("Made", "Refused", "Orders to systems", "Correct"))


def test_staff_correct_a_field_and_the_page_says_when_the_wrong_value_comes_back(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("hamza"), "correct")
    form = farah.get(url).content.decode()
    assert "what it sends next replaces the value here" in form
    wrong = farah.post(url, {"field": "email", "new_value": "no", "reason": "review"}).content.decode()
    assert "Email address: Use one email address" in wrong
    done = farah.post(url, {"field": "email", "new_value": "right@mail.example", "reason": "subject_request"})
    assert done.status_code == 302
    with in_client(cast.client_id("indus")):
        assert CorrectedValue.objects.get().actor_id == cast.user_id("farah")
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    page = farah.get(row_url(PERSON, cast.subject_id("hamza"))).content.decode()
    assert ("Corrected fields" in page, "came back" in page) == (True, False)
    with in_client(cast.client_id("indus")):
        told = {"actor": cast.key_actor("indus"), "at": timezone.now()}
        details = {"role": "student", "email": "hamza.lodhi@students.example"}
        register_subject("lms-hamza", client=cast.client("indus"), details=details, **told)
    for name in ("farah", "amina"):
        page = sign_in(name).get(row_url(PERSON, cast.subject_id("hamza"))).content.decode()
        assert "The wrong value came back" in page


def test_an_age_corrected_by_staff_waits_for_a_second_person(sign_in, cast):
    farah = sign_in("farah")
    url = row_url(PERSON, cast.subject_id("danish"), "correct")
    form = {"field": "birth_date", "new_value": "2000-01-01", "reason": "review"}
    asked = farah.post(url, form).content.decode()
    assert shows_effect_only(asked)
    assert 'name="ground"' in asked
    stale = browser_of(cast.user("farah"), seconds_ago=301)
    for given in (form, {**form, "ground": "The certificate says so."}):
        assert "reauthenticate" in stale.post(url, given)["Location"]
    assert not in_indus(cast, AgeChange.objects.exists)
    sent = farah.post(url, {**form, "ground": "The certificate says so."}, follow=True)
    assert "a second person must confirm this age" in sent.content.decode()
    assert "Waits for a second person" in farah.get(row_url(PERSON, cast.subject_id("danish"))).content.decode()


def change(browser, url, **form):
    """Send the form, then again as its preview asks; return the preview's page and the last response."""
    shown = browser.post(url, {"reason": "review", **form}).content.decode()
    [fingerprint] = re.findall(r'name="shown" value="(\w+)"', shown)
    return " ".join(shown.split()), browser.post(url, {"reason": "review", **form, "shown": fingerprint})


def roles_of(cast, name):
    with in_client(cast.client_id("indus")):
        return cast.subject(name).roles


def test_a_change_of_roles_is_previewed_then_kept_in_the_history_and_ordered(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    entries = in_indus(cast, Entry.objects.count)
    first = farah.post(url, {"role": "instructor", "other_roles": ["student", "guardian"], "reason": "review"})
    assert first.status_code == 200
    assert roles_of(cast, "junaid") == ("instructor",)
    assert in_indus(cast, lambda: (Entry.objects.count(), Order.objects.count())) == (entries, 0)
    preview, done = change(farah, url, role="instructor", other_roles=["guardian", "student"])
    assert absent(preview, "Roles afterwards: <strong>Instructor, Student, Guardian</strong>", "Afterwards</th>") == []
    assert done.status_code == 302
    assert roles_of(cast, "junaid") == ("instructor", "student", "guardian")
    with in_client(cast.client_id("indus")):
        past = Subject.history.filter(id=cast.subject_id("junaid")).latest("history_date", "history_id")
        assert (past.other_roles, past.actor_id, past.history_change_reason) == (
            ["student", "guardian"],
            cast.user_id("farah"),
            "review",
        )
        assert CorrectedValue.objects.get().field == "roles"
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert "Roles" in farah.get(row_url(PERSON, cast.subject_id("junaid"))).content.decode()


def test_the_preview_names_the_decisions_that_then_differ(cast):
    with in_client(cast.client_id("indus")):
        junaid, at = cast.subject("junaid"), timezone.now()
        there = preview_roles(junaid, "instructor", ["student"], at=at)
        assert there.effects
        by = {"actor": cast.actor("farah"), "reason": "review", "at": at}
        correct_roles(junaid, role="instructor", other_roles=["student"], **by)
        back = preview_roles(cast.subject("junaid"), "instructor", [], at=at)
        assert [(one.purpose, one.after, one.now) for one in back.effects] == [*there.effects]


def test_a_confirmation_of_another_preview_shows_the_new_one(sign_in, cast):
    farah, url = sign_in("farah"), row_url(PERSON, cast.subject_id("junaid"), "change-roles")
    form = {"role": "instructor", "other_roles": ["guardian"], "reason": "review", "shown": "0" * 64}
    again = farah.post(url, form)
    assert "Nothing has changed yet." in again.content.decode()
    assert roles_of(cast, "junaid") == ("instructor",)
    same = farah.post(url, {"role": "instructor", "reason": "review"})
    assert "The person has these roles already." in same.content.decode()


def test_a_student_of_unknown_age_becomes_a_teacher_only_with_a_second_person(sign_in, cast):
    url = row_url(PERSON, cast.subject_id("iqra"), "change-roles")
    preview, done = change(sign_in("farah"), url, role="instructor", ground="She teaches now.")
    assert "until a second person confirms it" in preview
    assert done.status_code == 302
    assert roles_of(cast, "iqra") == ("student",)
    with in_client(cast.client_id("indus")):
        assert not Order.objects.exists()
        settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=timezone.now())
        assert set(Order.objects.values_list("kind", flat=True)) == {"correct"}
    assert roles_of(cast, "iqra") == ("instructor",)


def test_the_role_of_a_guardian_is_not_taken_from_a_guardian_of_a_child(sign_in, cast):
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"actor": SETTING_UP, "at": timezone.now()}
        claim_guardian(cast.subject("hamza"), guardian=cast.subject("esra"), relationship="parent", **by)
        roles: dict[str, Any] = {"role": "instructor", "other_roles": [], "reason": "review", "at": timezone.now()}
        with pytest.raises(ValidationError, match="guardian of a child"):
            correct_roles(cast.subject("esra"), actor=cast.actor("farah"), **roles)
    url = row_url(PERSON, cast.subject_id("esra"), "change-roles")
    _preview, refused = change(sign_in("farah"), url, role="instructor")
    assert "This person is a guardian of a child." in refused.content.decode()
    assert roles_of(cast, "esra") == ("guardian",)
