"""People with ties to two schools, for the head of one: a pupil, a teacher who is a parent, a guardian of two children.

A person of both schools is one row: the head of North sees everything about them, and of their children and
guardians those of North only.
"""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from children.guardians.models.guardians import Guardianship
from consent.consents.models import Restriction
from consent.consents.services.restrictions import restrict_processing
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Enrolment, SchoolClass
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.children.guardians import guardian_of, make_guardian, verified_guardian
from tests.console.pages import row_url
from tests.factories import CAST_AT, SubjectFactory
from tests.school_limits.limiting import make_head, make_school
from tests.school_limits.test_work import HeadsCast, who
from tests.signing_in import browser_of

PERSON = "people/subject"


class TwoSchools:
    """The heads of North and South; each school has a pupil, and both pupils have the same mother, whom they named."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.indus = cast, cast.client_id("indus")
        client = self._in_client(lambda: cast.client("indus"))
        with in_client(self.indus):
            self.northern = SubjectFactory(client=client, external_id="lms-northern", full_name="Northern Pupil")
            self.southern = SubjectFactory(client=client, external_id="lms-southern", full_name="Southern Pupil")
            self.mother = make_guardian(client, "mother-of-two", at=CAST_AT)
            self.ties = [guardian_of(child, self.mother, at=CAST_AT) for child in (self.northern, self.southern)]
        self.north = make_school(cast, "north", self.northern.pk, cast.subject_id("junaid"))
        self.south = make_school(cast, "south", self.southern.pk)
        self.heads = {
            one: make_head(cast, school, email=f"{one}@indus.example")
            for one, school in (("north", self.north), ("south", self.south))
        }

    def _in_client(self, read: Any) -> Any:
        with in_client(self.indus):
            return read()

    def browser(self, school: str) -> Client:
        return browser_of(self.heads[school])

    def limited(self, school: str) -> Any:
        """Open the context of a head."""
        return in_client(self.indus, schools=frozenset([getattr(self, school)]))

    def actor(self, school: str) -> HeadsCast:
        found = HeadsCast(self.cast._values)
        one = getattr(self, school)
        found.head = user_actor(self.heads[school].pk, "client_admin", self.indus, schools=[one])
        return found

    def enrol(self, person: Subject, school: str, **days: Any) -> None:
        with in_client(self.indus):
            school_class = SchoolClass.objects.get(external_id=school)
            given = {"client_id": self.indus, "role": "student", "origin": "api", "recorded_at": CAST_AT}
            Enrolment.objects.create(school_class=school_class, subject=person, **given, **days)

    def shown(self, school: str) -> set[str]:
        """Return the LMS ids of the people whom a head sees."""
        with self.limited(school):
            return {str(one) for one in Subject.objects.values_list("external_id", flat=True)}


@pytest.fixture
def two(cast: Cast) -> TwoSchools:
    return TwoSchools(cast)


def test_a_pupil_in_two_schools_is_one_row_for_the_heads_of_both(two: TwoSchools) -> None:
    two.enrol(two.northern, "south", starts_on=date(2026, 9, 1))
    assert "lms-northern" in two.shown("north") & two.shown("south")
    page = two.browser("north").get(row_url(PERSON, two.northern.pk)).content.decode()
    assert "north" in page
    assert "south" in page, "the class at the other school is about this pupil"
    assert "lms-southern" not in page
    with two.limited("south"):
        restrict_processing(Subject.objects.get(pk=two.northern.pk), **who(two.actor("south"), reason=Reason.REVIEW))
    with two.limited("north"):
        assert Restriction.objects.get().subject_id == two.northern.pk, "a restriction is of the person"


def test_an_own_pupil_leaves_and_stays_with_the_school(two: TwoSchools) -> None:
    url = row_url(PERSON, two.northern.pk, "moves-away")
    assert two.browser("north").post(url, {"portability": "none", "reason": "review"}).status_code == 302
    with in_client(two.indus):
        assert not Enrolment.objects.filter(subject=two.northern, ended_at=None).exists()
        assert not Subject.objects.get(pk=two.northern.pk).is_account_open
    assert "lms-northern" in two.shown("north")


def test_a_teacher_who_is_a_parent_elsewhere_is_shown_without_the_child(two: TwoSchools) -> None:
    junaid = two.cast.subject_id("junaid")
    with in_client(two.indus):
        teacher = two.cast.subject("junaid")
        tie = verified_guardian(two.southern, teacher, at=CAST_AT)
        assert two.cast.subject("junaid").roles == ("instructor", "guardian")
    assert "lms-junaid" in two.shown("north") & two.shown("south")
    for page in (row_url(PERSON, junaid), row_url(PERSON, junaid, "history"), "/admin/guardians/guardianship/"):
        answer = two.browser("north").get(page)
        assert answer.status_code == 200
        assert "lms-southern" not in answer.content.decode(), page
        assert str(two.southern.pk) not in answer.content.decode(), page
    assert two.browser("north").get(row_url("guardians/guardianship", tie.pk)).status_code == 404
    assert two.browser("south").get(row_url("guardians/guardianship", tie.pk)).status_code == 200


def test_a_guardian_of_two_children_is_shown_with_the_own_one(two: TwoSchools) -> None:
    for school, other in (("north", "lms-southern"), ("south", "lms-northern")):
        head = two.browser(school)
        assert other not in head.get(row_url(PERSON, two.mother.pk)).content.decode()
        assert other not in head.get("/admin/guardians/guardianship/").content.decode()
        ties = [head.get(row_url("guardians/guardianship", tie.pk)).status_code for tie in two.ties]
        assert ties == ([200, 404] if school == "north" else [404, 200])


def test_the_end_of_the_tie_to_the_own_child_takes_the_guardian_from_the_school(two: TwoSchools) -> None:
    """The statement that ends the tie hides the guardian; its history and the ledger are written all the same."""
    head = two.browser("north")
    url = row_url("guardians/guardianship", two.ties[0].pk, "end")
    assert head.get(url).status_code == 200
    ended = head.post(url, {"reason": "review"})
    assert ended.status_code == 302, ended.content.decode()
    assert "lms-mother-of-two" not in two.shown("north")
    assert "lms-mother-of-two" in two.shown("south")
    with in_client(two.indus):
        row = Guardianship.objects.get(pk=two.ties[0].pk)
        assert row.ends_at is not None
        assert row.history.count() == 2
        assert Entry.objects.filter(kind="guardian.ended", subject_id=two.northern.pk).exists()
        assert Guardianship.objects.get(pk=two.ties[1].pk).ends_at is None
