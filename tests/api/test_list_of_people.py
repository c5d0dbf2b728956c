"""GET /api/v1/subjects: a client's people by cursor, by the time of their last change."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.api.test_lists import assert_refused, pages
from tests.factories import SETTING_UP, make_key

SUBJECTS = "/api/v1/subjects"
PERSONAL = f"{SUBJECTS}?include=personal&reason=lms_update"


def ids(response):
    assert response.status_code == 200, response.content
    return [one["external_id"] for one in response.json()["subjects"]]


@pytest.fixture
def people(indus):
    """Register twelve learners; return their LMS ids in this order."""
    names = [f"many-{number:02}" for number in range(12)]
    for name in names:
        assert indus.put(f"{SUBJECTS}/{name}", {"role": "learner", "full_name": name}).status_code == 201
    return names


def test_pages_list_each_person_once_by_last_change(indus, people):
    shown = [one["external_id"] for page in pages(indus, f"{SUBJECTS}?limit=5") for one in page["subjects"]]
    assert shown[-12:] == people
    assert len(shown) == len(set(shown)) == 17


def test_a_person_in_the_list_equals_the_single_response(indus):
    [danish] = [one for one in indus.get(SUBJECTS).json()["subjects"] if one["external_id"] == "lms-danish"]
    assert danish == indus.get(f"{SUBJECTS}/lms-danish").json()
    assert "personal" not in danish


def test_a_person_changed_while_paging_is_listed_again_at_the_end(indus, people):
    following = pages(indus, f"{SUBJECTS}?role=learner&limit=8")
    first = next(following)
    indus.put(f"{SUBJECTS}/{people[0]}", {"role": "learner", "full_name": "Changed"})
    rest = [one["external_id"] for page in following for one in page["subjects"]]
    assert [one["external_id"] for one in first["subjects"]] == people[:8]
    assert rest == [*people[8:], people[0]]


def test_the_list_is_filtered_by_role_and_last_change(indus, people):
    assert ids(indus.get(SUBJECTS, role="guardian")) == ["lms-esra"]
    changed_at = indus.get(f"{SUBJECTS}/{people[6]}").json()["changed_at"]
    assert ids(indus.get(SUBJECTS, changed_since=changed_at)) == people[6:]
    assert ids(indus.get(f"{SUBJECTS}?role=student&changed_since={quote(changed_at)}")) == []


def test_erased_people_are_not_listed(indus, cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason="subject_request", at=timezone.now())
    assert "lms-hamza" not in ids(indus.get(SUBJECTS))


def test_another_clients_people_are_not_listed(khyber, people):
    assert ids(khyber.get(SUBJECTS)) == ["lms-kiran"]


def test_the_number_of_queries_does_not_depend_on_the_number_of_people(indus, people):
    counts = set()
    for limit in (1, 15):
        for address in (SUBJECTS, PERSONAL):
            with CaptureQueriesContext(connection) as queries:
                indus.get(f"{address}{'&' if '?' in address else '?'}limit={limit}")
            counts.add((address, len(queries)))
    assert len(counts) == 2


def test_personal_fields_need_a_reason_and_each_access_is_recorded(indus, people, cast):
    assert_refused(indus.get(f"{SUBJECTS}?include=personal"), "#/reason")
    with in_client(cast.client_id("indus")):
        before = AccessRecord.objects.count()
    shown = indus.get(f"{PERSONAL}&role=learner").json()["subjects"]
    assert [one["personal"]["full_name"] for one in shown] == people
    with in_client(cast.client_id("indus")):
        looks = list(AccessRecord.objects.order_by("id"))[before:]
        assert {look.subject.external_id for look in looks} == set(people)
        assert {look.reason for look in looks} == {"lms_update"}


def test_a_key_without_the_scope_cannot_read_personal_fields(cast):
    with in_client(cast.client_id("indus")):
        _, secret = make_key(cast.client_id("indus"), ["subjects:read"], name="Reader")
    reader = Caller(secret)
    assert reader.get(PERSONAL).status_code == 403
    assert len(ids(reader.get(SUBJECTS))) == 5


def test_a_cursor_of_another_list_is_refused(indus, people):
    cursor = indus.get(f"{SUBJECTS}?limit=1").json()["next"].partition("cursor=")[2]
    assert_refused(indus.get(f"{SUBJECTS}?role=learner&cursor={cursor}"), "#/cursor")
    assert_refused(indus.get(f"{SUBJECTS}?changed_since={timezone.now() - timedelta(1):%Y-%m-%d}"), "#/changed_since")
    assert_refused(indus.get(f"{SUBJECTS}?state=open"), "#/state")


def test_the_list_is_read_by_an_index_of_the_client(committed):
    """A database of its own: the dead rows of other tests would decide which index is cheaper."""
    indus = Caller(committed.key("indus"))
    by_role = ["subject_by_role_and_change", "subject_roles_by_change"]  # the main role, then people with several
    for address, indexes in ((SUBJECTS, ["subject_by_change"]), (f"{SUBJECTS}?role=learner", by_role)):
        with CaptureQueriesContext(connection) as queries:
            indus.get(address)
        statements = [one["sql"] for one in queries if 'ORDER BY "subjects_subject"."changed_at"' in one["sql"]]
        with in_client(committed.client_id("indus")), connection.cursor() as cursor:
            for method in ("seqscan", "sort", "bitmapscan"):  # a small table is otherwise read as a whole
                cursor.execute(f"SET LOCAL enable_{method} = off")
            for statement, index in zip(statements, indexes, strict=True):
                cursor.execute(f"EXPLAIN {statement}")
                assert f"{index} " in str(cursor.fetchall())
