"""The work of an administrator limited to one school, with the services that the console calls, as the limited role.

Danish, his mother Esra and the instructor Junaid are at North; Hamza is at South.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from children.guardians.services.checks import authorise_by_school
from children.guardians.services.guardians import end_guardian, name_guardian
from children.guardians.services.verifications import verify_guardian
from consent.consents.models import Consent, ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import restrict_processing
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass
from paktaleem.directory.schools.services.moving import ClassesElsewhere, Move, leave_client, move_pupils
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import add_note
from rights.requests.services.intake import receive_request
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.rights.cases import AT, decided
from tests.school_limits.limiting import enrol, make_head, make_school
from tests.showing import shown

PORTAL = "https://privacy.example"


class HeadsCast(Cast):
    """The cast in which Farah is limited to North."""

    head: Actor

    def actor(self, name: str) -> Actor:
        """Return the limited actor for Farah."""
        return self.head if name == "farah" else super().actor(name)


@pytest.fixture
def north(cast: Cast) -> Iterator[HeadsCast]:
    people = [cast.subject_id(name) for name in ("danish", "junaid")]
    school = make_school(cast, "north", *people)
    make_school(cast, "south", cast.subject_id("hamza"))
    indus = cast.client_id("indus")
    limited = HeadsCast(cast._values)
    limited.head = user_actor(make_head(cast, school).pk, "client_admin", indus, schools=[school])
    with in_client(indus, schools=frozenset([school])):
        yield limited


def who(cast: HeadsCast, **values: Any) -> dict[str, Any]:
    return {"actor": cast.head, "at": AT, **values}


def test_consents_limits_and_guardians_of_own_people(north: HeadsCast) -> None:
    junaid, danish = north.subject("junaid"), north.subject("danish")
    for state in (ConsentState.GIVEN, ConsentState.WITHDRAWN):
        answers = [Answer("newsletter", state)]
        record_answers(junaid, answers=answers, shown=shown(junaid.client_id, AT), evidence="Box 3", **who(north))
    assert Consent.objects.get(subject=junaid).state == "withdrawn"
    restrict_processing(junaid, **who(north, reason=Reason.REVIEW))
    esra = north.subject("esra")
    row = name_guardian(
        danish, guardian=esra, relationship="parent", may_consent=True, may_receive_data=True, **who(north)
    )
    verify_guardian(row, method="in_person", evidence="Seen at the office", **who(north))
    authorise_by_school(danish, contract_reference="C-1", official="The head", **who(north, reason=Reason.REVIEW))
    end_guardian(row, **who(north, reason=Reason.REVIEW))
    with pytest.raises(Subject.DoesNotExist):
        north.subject("hamza")


def test_people_are_added_and_corrected_and_no_one_of_another_school_is_taken_over(north: HeadsCast) -> None:
    client = north.client("indus")
    new, is_new = register_subject("lms-new", client=client, details={"role": "student"}, **who(north))
    assert is_new
    assert Subject.objects.filter(pk=new.pk).exists(), "until a class says where the pupil is"
    enrol(SchoolClass.objects.get(external_id="north"), new.pk)
    register_subject("lms-new", client=client, details={"language": "ur"}, **who(north))
    with pytest.raises(ValidationError, match="has a person with this LMS id already"):
        register_subject("lms-hamza", client=client, details={"role": "student"}, **who(north))
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        enrol(SchoolClass.objects.get(external_id="south"), new.pk)


def test_a_new_person_is_shown_in_the_organisation_above_too(cast: Cast) -> None:
    client_id = cast.client_id("indus")
    network, school = make_school(cast, "network"), make_school(cast, "north")
    with in_client(client_id):
        School.objects.filter(pk=school).update(parent_id=network)
    head = user_actor(make_head(cast, school).pk, "client_admin", client_id, schools=[school])
    with in_client(client_id, schools=frozenset([school])):
        new, _is_new = register_subject(
            "lms-new", client=cast.client("indus"), details={"role": "student"}, actor=head, at=AT
        )
    with in_client(client_id, schools=frozenset([network])):
        assert Subject.objects.filter(pk=new.pk).exists()


@pytest.mark.parametrize("leave", ["one class", "every class", "the client"])
def test_no_one_is_taken_from_a_class_of_another_school(cast: Cast, leave: str) -> None:
    client_id, danish = cast.client_id("indus"), cast.subject_id("danish")
    schools = [make_school(cast, "north", danish), make_school(cast, "new")]
    make_school(cast, "south", danish)
    head = user_actor(make_head(cast, *schools).pk, "client_admin", client_id, schools=schools)
    by: dict[str, Any] = {"actor": head, "reason": Reason.REVIEW, "at": AT}
    with in_client(client_id, schools=frozenset(schools)):
        subject = Subject.objects.get(pk=danish)
        north, new = (SchoolClass.objects.get(external_id=name).pk for name in ("north", "new"))
        move = Move(people=[danish], leaving=[north] if leave == "one class" else None, joining=[new], on=AT.date())
        if leave == "one class":
            assert move_pupils(move, client=subject.client, **by) == 1
        else:
            with pytest.raises(ClassesElsewhere), transaction.atomic():
                leave_client(subject, **by) if leave == "the client" else move_pupils(move, client=subject.client, **by)
        there = Enrolment.objects.filter(subject=danish, ended_at=None)
        assert set(there.values_list("school_class__title", flat=True)) == {
            "south",
            "new" if leave == "one class" else "north",
        }


def test_an_erased_person_is_not_registered_again_by_limited_staff(cast: Cast, now: Any) -> None:
    client_id = cast.client_id("indus")
    school = make_school(cast, "north", cast.subject_id("danish"))
    head = user_actor(make_head(cast, school).pk, "client_admin", client_id, schools=[school])
    with in_client(client_id):
        erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    with in_client(client_id, schools=frozenset([school])), pytest.raises(AlreadyErased):
        register_subject("lms-hamza", client=cast.client("indus"), details={"role": "student"}, actor=head, at=now)


def test_a_request_is_taken_in_decided_answered_and_closed(north: HeadsCast) -> None:
    about: dict[str, Any] = {"channel": "telephone", "language": "en", "identity": "lms"}
    request = receive_request(
        north.client("indus"),
        kinds=["erasure"],
        purposes=["newsletter"],
        subject=north.subject("junaid"),
        **about,
        **who(north),
    )
    add_note(request, text="Called.", **who(north))
    decided(north, request, "refused", refusal_code="legal_obligation", reasons="The law.")
    answer_request(request, text="We must keep it.", **who(north))
    assert close_request(request, **who(north)).state == "closed"
