"""Staff add a person in the console, by the same service as the learning platform."""

from datetime import UTC, datetime
from typing import Any

import pytest

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import list_url
from tests.signing_in import SignIn

URL = list_url("subjects/subject") + "add/"
GIVEN = {
    "external_id": "new-1",
    "role": "student",
    "language": "ur",
    "country": "",
    "full_name": "Nadia Baloch",
    "email": "nadia@mail.example",
    "phone": "0300 1234567",
    "birth_date": "2015-03-01",
    "reason": "onboarding",
}


def test_an_administrator_adds_a_person_with_sealed_fields_reason_and_evidence(cast: Cast, sign_in: SignIn) -> None:
    farah = sign_in("farah")
    form = farah.get(URL).content.decode()
    assert ('name="full_name"' in form, 'name="attested_age"' in form, 'name="client"' in form) == (True, False, False)
    made = farah.post(URL, GIVEN)
    assert made.status_code == 302, made.context["adminform"].form.errors
    with in_client(cast.client_id("indus")):
        subject = Subject.objects.get(external_id="new-1")
        details = open_details(subject, sealer_of(subject))
        assert (details.full_name, details.phone, subject.language) == ("Nadia Baloch", "+923001234567", "ur")
        assert subject.of_age_at is not None
        assert b"Nadia" not in subject.full_name.ciphertext
        version = subject.history.get()
        assert (version.actor_id, version.history_change_reason) == (cast.user_id("farah"), "onboarding")
        assert Entry.objects.filter(kind="subject.registered", subject_id=subject.pk).count() == 1
    assert made["Location"].endswith(f"/{subject.pk}/change/")


def test_an_officer_chooses_the_client(cast: Cast, sign_in: SignIn) -> None:
    amina = sign_in("amina")
    assert amina.post(URL, {**GIVEN, "client": str(cast.client_id("khyber"))}).status_code == 302
    with in_client(cast.client_id("khyber")):
        assert Subject.objects.filter(external_id="new-1").count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"external_id": "lms-hamza", "full_name": "Other Name"}, "registered already"),
        ({"external_id": ""}, "required"),
        ({"full_name": ""}, "required"),
        ({"email": "no address"}, "Use one email address"),
        ({"birth_date": "1850-01-01"}, "1900-01-01"),
        ({"country": "Pakistan"}, "valid choice"),
        ({"role": "officer"}, "valid choice"),
        ({"reason": ""}, "required"),
        ({"external_id": "lms-iqra"}, "was erased"),
    ],
)
def test_a_refused_form_says_why_and_changes_no_one(
    cast: Cast, sign_in: SignIn, changed: dict[str, str], said: str
) -> None:
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {
            "actor": cast.actor("amina"),
            "reason": Reason.SUBJECT_REQUEST,
            "at": datetime(2026, 10, 1, tzinfo=UTC),
        }
        erase_subject(cast.subject("iqra"), **by)
        before = Subject.objects.count()
    answer = sign_in("farah").post(URL, {**GIVEN, **changed})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    with in_client(cast.client_id("indus")):
        hamza = cast.subject("hamza")
        assert (Subject.objects.count(), open_details(hamza, sealer_of(hamza)).full_name) == (before, "Hamza Lodhi")


@pytest.mark.parametrize("name", ["farah", "amina"])
def test_all_wrong_fields_are_reported_at_once(sign_in: SignIn, name: str) -> None:
    wrong = {
        "external_id": "new@1",
        "full_name": "",
        "email": "no address",
        "birth_date": "1850-01-01",
        "grade": "\x01",
    }
    answer = sign_in(name).post(URL, {**GIVEN, **wrong, "country": "Pakistan"})
    expected = {*wrong, "country"} | ({"client"} if name == "amina" else set())
    assert set(answer.context["adminform"].form.errors) == expected


@pytest.mark.parametrize("name", ["bilal", "sana"])
def test_roles_that_only_read_add_no_person(sign_in: SignIn, name: str) -> None:
    assert sign_in(name).post(URL, GIVEN).status_code == 403
