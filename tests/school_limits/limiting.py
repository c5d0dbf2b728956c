"""A head of a school: an administrator of Indus limited to schools, who signs in to the console."""

from datetime import date
from typing import Any

from django.db import connection

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import (
    ClassKind,
    Enrolment,
    EnrolmentRole,
    Origin,
    School,
    SchoolClass,
    SchoolKind,
)
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import CAST_AT, make_staff

STATED: dict[str, Any] = {"origin": Origin.API, "recorded_at": CAST_AT, "changed_at": CAST_AT}


def make_school(cast, name, *people, client="indus"):
    client_id = cast.client_id(client)
    with in_client(client_id):
        named = {"client_id": client_id, "external_id": name, **STATED}
        school = School.objects.create(name=name.title(), kind=SchoolKind.SCHOOL, **named)
        school_class = SchoolClass.objects.create(title=name, kind=ClassKind.HOMEROOM, school=school, **named)
        enrol(school_class, *people)
    return school.pk


def enrol(school_class, *people):
    Enrolment.objects.bulk_create(
        Enrolment(
            client_id=school_class.client_id,
            school_class=school_class,
            subject_id=person,
            role=EnrolmentRole.STUDENT,
            origin=Origin.API,
            starts_on=date(2026, 9, 1),
            recorded_at=CAST_AT,
        )
        for person in people
    )


def make_head(cast, *schools, email="nadia@indus.example", role="client_admin"):
    user = make_staff(email, (role, cast.client_id("indus")), full_name="Nadia Baloch")
    with in_client(cast.client_id("indus")):
        set_limit(user.pk, *schools)
    return user


def set_limit(user_id, *schools):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_membership SET school_ids = %s WHERE user_id = %s", [list(schools), user_id])


def everyone(cast):
    with in_client(cast.client_id("indus")):
        return list(Subject.objects.order_by("pk").values_list("pk", flat=True))
