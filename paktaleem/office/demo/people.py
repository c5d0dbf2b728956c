"""The people of the demonstration and their answers."""

from datetime import date, datetime, timedelta
from typing import Any

from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.models import Invitation
from children.invitations.services.inviting import invite_guardian
from consent.consents.models import ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.paper.models import Addressee, FormPage, FormRun
from consent.paper.services.answers import TypedAnswer, enter_answers
from consent.paper.services.forms import make_form
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import CLASSES, SCHOOLS, TERMS, EnrolmentRow, GivenRows, PlaceRow
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.models import Client
from paktaleem.office.demo.content import SAMPLE, Person

_MOMENT = timedelta(microseconds=1)


def external_id_of(person: str) -> str:
    return f"lms-{person.replace('_', '-')}"


def fill_people(client: Client, notices: dict[str, NoticeVersion], *, actor: Actor, at: datetime) -> None:
    """Register a client's people and record their answers; ``notices`` maps purposes to notice versions."""
    registered: dict[str, Subject] = {}
    for person in SAMPLE.people[client.code]:
        subject = _register(person, client, actor, at)
        registered[person.code] = subject
        guardian = registered[person.guardian] if person.guardian else None
        if guardian is not None:
            claim_guardian(subject, guardian=guardian, relationship="parent", actor=actor, at=at)
        common: dict[str, Any] = {
            "given_by": GivenBy.GUARDIAN if guardian else GivenBy.SELF,
            "guardian": guardian,
            "language": person.language,
            "actor": actor,
        }
        for purpose, states in person.answers.items():
            for later, state in enumerate(states):
                _answer(subject, purpose, state, notices[purpose], {**common, "at": at + later * _MOMENT})


def _register(person: Person, client: Client, actor: Actor, at: datetime) -> Subject:
    details: dict[str, Any] = person.details(client.code)
    if person.age is not None:
        day = client.day_at(at) - timedelta(days=100)
        details["birth_date"] = day.replace(year=day.year - person.age, day=min(day.day, 28))
    subject, _ = register_subject(external_id_of(person.code), client=client, details=details, actor=actor, at=at)
    return subject


def _answer(subject: Subject, purpose: str, state: str, notice: NoticeVersion, common: dict[str, Any]) -> None:
    if state == ConsentState.WITHDRAWN:
        withdraw_consent(subject, purpose=purpose, **common)
        return
    shown = ShownNotice(notice.pk, (purpose,), common["language"], subject.client_id, common["at"])
    record_answers(subject, answers=[Answer(purpose, ConsentState(state))], shown=sign_notice_token(shown), **common)


_ANSWERS = (
    ("danish", "esra", "given", True),
    ("laila", "ghazal", "given", False),
    ("laila", "bashir", "refused", None),
)
"""Child, guardian, the decision about the service, and about sharing with recipients."""


def fill_guardians(client: Client, *, actor: Actor, at: datetime) -> None:
    """Name and verify guardians and record their decisions: Danish's mother consents, Laila's parents disagree."""
    people = {one.external_id: one for one in Subject.objects.select_related("client").filter(client_id=client.pk)}
    common: Authorship = {"actor": actor, "at": at}
    for child, guardian, decision, shares in _ANSWERS:
        child_row, guardian_row = people[external_id_of(child)], people[external_id_of(guardian)]
        row = name_guardian(
            child_row, guardian=guardian_row, relationship="parent", may_consent=True, may_receive_data=True, **common
        )
        verify_guardian(row, method="in_person", evidence="Seen at the school office.", **common)
        how: dict[str, Any] = {"route": "in_person", "evidence": "Said at the school office."}
        record_service_answer(child_row, guardian=guardian_row, decision=decision, shares=shares, **how, **common)


def invite_demo_guardian(client: Client, *, portal: str, actor: Actor, at: datetime) -> None:
    """Invite one guardian about one child, unless an invitation exists."""
    if Invitation.objects.filter(client_id=client.pk).exists():
        return
    people = Subject.objects.select_related("client").filter(client_id=client.pk, erased_at=None)
    child, guardian = (people.filter(external_id=external_id_of(one)).first() for one in ("noor", "omar"))
    if child is not None and guardian is not None:
        invite_guardian(child, guardian=guardian, portal=portal, actor=actor, at=at)


_YEAR_BEGINS_IN = 8
"""The month in which the school year begins: August."""
_NETWORK, _YEAR = "lms-network", "lms-year"
_SCHOOLS = (
    PlaceRow(1, _NETWORK, "Indus Schools Network", "district"),
    PlaceRow(2, "lms-clifton", "Indus School Clifton", "school", _NETWORK),
    PlaceRow(3, "lms-saddar", "Indus School Saddar", "school", _NETWORK),
)
_CLASSES = (
    ("lms-clifton-4a", "Grade 4 A", "4", "homeroom", "lms-clifton", "wajiha", ("danish", "palwasha")),
    ("lms-clifton-6b", "Grade 6 B", "6", "homeroom", "lms-clifton", "junaid", ("laila", "noor", "iqra")),
    ("lms-saddar-9a", "Grade 9 A", "9", "homeroom", "lms-saddar", "yasir", ("sadia", "talha", "urwa", "rayyan")),
    ("lms-saddar-physics", "Physics", "", "scheduled", "lms-saddar", "yasir", ("hamza", "mahnoor", "rayyan")),
)
"""Classes: id, title, grade, kind, school, teacher and students."""


def fill_schools(client: Client, *, actor: Actor, at: datetime) -> None:
    today = client.day_at(at)
    first = date(today.year - (today.month < _YEAR_BEGINS_IN), _YEAR_BEGINS_IN, 1)
    title = f"School year {first.year}–{first.year + 1}"
    year = PlaceRow(1, _YEAR, title, "school_year", "", first, first.replace(year=first.year + 1))
    classes = [
        PlaceRow(number, code, name, kind, school, terms=[_YEAR], grade=grade)
        for number, (code, name, grade, kind, school, _teacher, _students) in enumerate(_CLASSES, 1)
    ]
    places = {SCHOOLS: _SCHOOLS, TERMS: [year], CLASSES: classes}
    stated = [
        (code, external_id_of(person), "teacher" if person == teacher else "student")
        for code, _name, _grade, _kind, _school, teacher, students in _CLASSES
        for person in (teacher, *students)
    ]
    enrolments = [EnrolmentRow(number, "", *row, first, None) for number, row in enumerate(stated, 1)]
    given = GivenRows(places=places, enrolments=enrolments)
    record_schools(given, client=client, origin=Origin.API, actor=actor, at=at)


_CLASS = ("danish", "talha", "urwa", "rayyan", "mahnoor")
_PURPOSES = ("newsletter", "product_research")
_CHILDREN = ("danish", "noor")


def fill_paper(client: Client, *, actor: Actor, at: datetime) -> None:
    """Create a form for a class and one for guardians, and enter answers of the first: on paper and by telephone."""
    if FormRun.objects.filter(client=client).exists():
        return
    people = Subject.objects.select_related("client").filter(client=client)
    children = people.filter(external_id__in=[external_id_of(one) for one in _CHILDREN]).order_by("external_id")
    make_form(
        client, name="Grade 3 A", purposes=_PURPOSES, people=children, addressee=Addressee.GUARDIAN, actor=actor, at=at
    )
    people = people.filter(external_id__in=[external_id_of(one) for one in _CLASS])
    run = make_form(
        client, name="Grade 8 A", purposes=_PURPOSES, people=people.order_by("external_id"), actor=actor, at=at
    )
    found = FormPage.objects.filter(client_id=client.pk, run=run).select_related("run", "subject")
    pages = {page.subject.external_id: page for page in found}
    day = client.day_at(at)

    def enter(method: str, note: str, said: dict[str, bool]) -> None:
        typed = [
            TypedAnswer(pages[external_id_of(person)], {"newsletter": yes, "product_research": False}, day)
            for person, yes in said.items()
        ]
        enter_answers(run, typed, method=method, note=note, actor=actor, at=at)

    enter("paper", "Folder 8 A", {"danish": True, "talha": True, "urwa": False})
    enter("phone", "Calls of the office", {"rayyan": True})
