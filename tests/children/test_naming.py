"""Naming a guardian with the evidence seen, in one act of the console."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.services.naming import NewGuardian, SeenEvidence, name_guardian_with_evidence
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SubjectFactory
from tests.signing_in import browser_of

MINUTE = timedelta(minutes=1)
AUTHORITY: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": False}
FORM = {"relationship": "parent", "may_consent": "on", "reason": "client_instruction", "method": "", "evidence": ""}
SEEN = {"method": "in_person", "evidence": "Seen at the office on Monday"}


@pytest.fixture
def danish(cast):
    with in_client(cast.client_id("indus")):
        return cast.subject("danish")


def address(child):
    return f"/admin/people/subject/{child.pk}/name-guardian/"


def shown(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_registered_person_is_named_and_verified_in_one_act_and_ended_again(cast, danish):
    farah = browser_of(cast.user("farah"))
    page = shown(farah.get(address(danish)))
    assert "guardians whose consent counts: 0" in page
    answer = farah.post(address(danish), {**FORM, **SEEN, "guardian": "esra qureshi"})
    with in_client(danish.client_id):
        row = Guardianship.objects.get(child=danish)
        proof = Verification.objects.get(guardianship=row)
        assert (row.guardian.external_id, proof.method) == ("lms-esra", "in_person")
    assert answer["Location"] == f"/admin/guardians/guardianship/{row.pk}/change/"
    page = shown(farah.get(answer["Location"]))
    assert "Named and verified. To undo it, use “End guardian” on this page." in page
    assert "guardians whose consent counts: 1" in shown(farah.get(address(danish)))
    farah.post(f"/admin/guardians/guardianship/{row.pk}/end/", {"reason": "correction"})
    assert "guardians whose consent counts: 0" in shown(farah.get(address(danish)))


def test_a_new_person_is_registered_named_and_verified_by_the_signed_form(cast, danish):
    form = SimpleUploadedFile("form.pdf", b"%PDF-1.7 signed by Hina", "application/pdf")
    given = {**FORM, "new_id": "g-77", "full_name": "Hina Malik", "email": "hina@mail.example", "method": "signed_form"}
    assert browser_of(cast.user("farah")).post(address(danish), {**given, "file": form}).status_code == 302
    with in_client(danish.client_id):
        row = Guardianship.objects.get(child=danish)
        assert (row.guardian.external_id, row.guardian.roles) == ("g-77", ("guardian",))
        assert Verification.objects.get(guardianship=row).file is not None
        kinds = set(Entry.objects.filter(subject_id=danish.pk).values_list("kind", flat=True))
    assert {"guardian.named", "guardian.verified"} <= kinds


def test_refused_evidence_leaves_no_new_person_and_no_guardian(cast, danish):
    given = {**FORM, "new_id": "g-77", "full_name": "Hina Malik", **SEEN, "evidence": "CNIC 35202-1234567-1"}
    page = shown(browser_of(cast.user("farah")).post(address(danish), given))
    assert "Do not enter numbers of identity cards" in page
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()
        assert not Subject.objects.filter(external_id="g-77").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Enter a registered person here, or a new person below: one of them."),
        ({"guardian": "x", "new_id": "g-1", "full_name": "H"}, "or a new person below: one of them."),
        ({"guardian": "Nobody Known"}, "No person is registered with this text."),
        ({"guardian": "Omar"}, "Several people match: "),
        ({"guardian": "lms-danish"}, "A person cannot be their own guardian"),
        ({"new_id": "g-1"}, "Enter the full name of the new person."),
        ({"new_id": "lms-omar", "full_name": "Omar"}, "is registered already: enter the id above instead."),
        ({"guardian": "lms-omar", "evidence": "Seen"}, "Choose how you saw the evidence."),
        ({"guardian": "lms-omar", "method": "in_person"}, "State where the evidence is kept, or who saw"),
        ({"guardian": "lms-omar", **SEEN, "may_consent": None}, "They may not decide for this child"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_to_do(cast, danish, now, given, words):
    with in_client(danish.client_id):
        for name in ("omar", "other"):
            person = {"role": "guardian", "full_name": "Omar", "at": now - MINUTE}
            SubjectFactory(client=cast.client("indus"), external_id=f"lms-{name}", **person)
    values = {name: value for name, value in {**FORM, **given}.items() if value is not None}
    assert words in shown(browser_of(cast.user("farah")).post(address(danish), values))
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()


@pytest.mark.parametrize(("text", "found"), [("Nobody Known", 0), ("Esra Qureshi", 1)])
def test_the_search_for_a_guardian_is_recorded_also_if_no_one_is_named(cast, danish, text, found):
    given = {**FORM, "guardian": text, "method": "in_person", "evidence": ""}
    shown(browser_of(cast.user("farah")).post(address(danish), {**given, "relationship": "parent", "may_consent": ""}))
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()
        [entry] = Entry.objects.filter(kind="people.searched")
        assert json.loads(entry.body)["facts"]["found"] == found


def test_support_and_another_client_may_not_name_a_guardian(cast, danish, now):
    given = {**FORM, **SEEN, "guardian": "esra qureshi"}
    assert browser_of(cast.user("sana")).post(address(danish), given).status_code == 403
    assert browser_of(cast.user("celia")).post(address(danish), given).status_code == 404
    hina, seen = NewGuardian(external_id="g-9", full_name="Hina"), SeenEvidence(method="in_person", reference="Seen")
    with in_client(danish.client_id), pytest.raises(NotAllowed):
        name_guardian_with_evidence(
            danish, guardian=hina, evidence=seen, **AUTHORITY, actor=cast.actor("bilal"), at=now
        )
