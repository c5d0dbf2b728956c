"""Lists have cursor pagination and conditional requests (RFC 8288, RFC 9110 §13), that of a client's people too."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.factories import SETTING_UP, deactivate_purpose, make_key

PURPOSES, NOTICE = "/api/v1/purposes", "/api/v1/notices/current?purpose=newsletter"
CONSENTS, CHANGES = "/api/v1/subjects/lms-kiran/consents", "/api/v1/changes"
LISTS = [PURPOSES, CONSENTS, CHANGES]


@pytest.fixture
def answered(khyber_lms):
    """Record five answers of Kiran's; return their ids, latest first."""
    for state in ("refused", "requested", "given", "refused", "given"):
        khyber_lms.consent("lms-kiran", "newsletter", state)
    return [event["id"] for event in khyber_lms.get(CONSENTS).json()["history"]]


def pages(caller, address):
    while address:
        response = caller.get(address)
        assert response.status_code == HTTPStatus.OK, response.content
        address = response.json()["next"]
        assert response.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
        yield response.json()


def cursor_of(caller, address):
    return parse_qs(urlsplit(caller.get(address).json()["next"]).query)["cursor"][0]


def assert_refused(response, pointer):
    assert response.status_code == HTTPStatus.BAD_REQUEST, response.content
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_pages_list_each_purpose_once(khyber_lms):
    whole = khyber_lms.get(PURPOSES).json()
    assert whole["next"] is None
    shown = list(pages(khyber_lms, f"{PURPOSES}?limit=3"))
    assert [len(page["purposes"]) for page in shown] == [3, 3, 3, 1]
    assert [one for page in shown for one in page["purposes"]] == whole["purposes"]


def test_pages_list_each_answer_once_even_if_more_are_added(khyber_lms, answered):
    following = pages(khyber_lms, f"{CONSENTS}?limit=2")
    first = next(following)
    khyber_lms.consent("lms-kiran", "newsletter", "refused")
    shown = [first, *following]
    assert [len(page["history"]) for page in shown] == [2, 2, 1]
    assert [event["id"] for page in shown for event in page["history"]] == answered


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "1e2", ""])
def test_an_invalid_limit_is_refused(khyber_lms, address, limit):
    assert_refused(khyber_lms.get(address, limit=limit), "#/limit")


@pytest.mark.parametrize("address", [PURPOSES, CONSENTS])
@pytest.mark.parametrize("cursor", ["", "x", "newsletter", "a:b:c", "ü", "\x00", "x" * 501])
def test_an_invalid_cursor_is_refused(khyber_lms, address, cursor):
    assert_refused(khyber_lms.get(address, cursor=cursor), "#/cursor")


def test_a_cursor_is_valid_unchanged_and_only_for_its_own_list_and_client(khyber_lms, indus_lms, answered):
    purposes, consents = cursor_of(khyber_lms, f"{PURPOSES}?limit=1"), cursor_of(khyber_lms, f"{CONSENTS}?limit=1")
    assert khyber_lms.get(PURPOSES, cursor=purposes).status_code == HTTPStatus.OK
    changed = purposes[:-1] + ("a" if purposes[-1] != "a" else "b")
    assert_refused(khyber_lms.get(PURPOSES, cursor=changed), "#/cursor")
    assert_refused(indus_lms.get(PURPOSES, cursor=purposes), "#/cursor")
    assert_refused(khyber_lms.get(PURPOSES, cursor=consents), "#/cursor")
    assert_refused(indus_lms.get("/api/v1/subjects/lms-danish/consents", cursor=consents), "#/cursor")
    khyber_lms.put("/api/v1/subjects/lms-lala", {"role": "learner"})
    assert_refused(khyber_lms.get("/api/v1/subjects/lms-lala/consents", cursor=consents), "#/cursor")
    assert_refused(khyber_lms.get(CHANGES, since=purposes), "#/since")


def etag_of(caller, address):
    response = caller.get(address)
    assert response["Cache-Control"] == "no-store"
    return response["ETag"]


@pytest.mark.parametrize("address", [PURPOSES, NOTICE, CONSENTS])
def test_an_unchanged_list_is_304_without_a_body(khyber_lms, address):
    etag = etag_of(khyber_lms, address)
    opaque = etag.removeprefix("W/")  # weak comparison, RFC 9110 §13.1.2
    for told in (etag, opaque, f"W/{opaque}", f'"another", {etag}', "*"):
        response = khyber_lms.get(address, headers={"If-None-Match": told})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    for told in ('"another"', opaque.strip('"'), '""'):
        assert khyber_lms.get(address, headers={"If-None-Match": told}).status_code == HTTPStatus.OK
    head = khyber_lms.head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", etag)


def test_a_new_answer_and_a_changed_purpose_change_the_etag(khyber_lms, cast):
    etags = {address: etag_of(khyber_lms, address) for address in (CONSENTS, PURPOSES)}
    khyber_lms.consent("lms-kiran", "newsletter")
    with in_client(cast.client_id("khyber")):
        at = timezone.now() - timedelta(seconds=1)
        deactivate_purpose("newsletter", client_id=cast.client_id("khyber"), at=at)
    for address, etag in etags.items():
        assert khyber_lms.get(address, headers={"If-None-Match": etag}).status_code == HTTPStatus.OK


def test_etags_differ_by_client_language_and_page(khyber_lms, indus_lms):
    etags = [
        etag_of(khyber_lms, NOTICE),
        etag_of(khyber_lms, f"{NOTICE}&language=ur"),
        etag_of(indus_lms, NOTICE),
        etag_of(khyber_lms, PURPOSES),
        etag_of(khyber_lms, f"{PURPOSES}?limit=3"),
    ]
    assert len(set(etags)) == len(etags)


SUBJECTS = "/api/v1/subjects"
PERSONAL = f"{SUBJECTS}?include=personal&reason=lms_update"


def ids(response):
    assert response.status_code == 200, response.content
    return [one["external_id"] for one in response.json()["subjects"]]


@pytest.fixture
def people(indus_lms):
    """Register twelve learners; return their LMS ids in this order."""
    names = [f"many-{number:02}" for number in range(12)]
    for name in names:
        assert indus_lms.put(f"{SUBJECTS}/{name}", {"role": "learner", "full_name": name}).status_code == 201
    return names


def test_pages_list_each_person_once_by_last_change(indus_lms, people):
    shown = [one["external_id"] for page in pages(indus_lms, f"{SUBJECTS}?limit=5") for one in page["subjects"]]
    assert shown[-12:] == people
    assert len(shown) == len(set(shown)) == 17


def test_a_person_in_the_list_equals_the_single_response_and_erased_people_are_not_listed(indus_lms, cast):
    [danish] = [one for one in indus_lms.get(SUBJECTS).json()["subjects"] if one["external_id"] == "lms-danish"]
    assert danish == indus_lms.get(f"{SUBJECTS}/lms-danish").json()
    assert "personal" not in danish
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason="subject_request", at=timezone.now())
    assert "lms-hamza" not in ids(indus_lms.get(SUBJECTS))


def test_a_person_changed_while_paging_is_listed_again_at_the_end(indus_lms, people):
    following = pages(indus_lms, f"{SUBJECTS}?role=learner&limit=8")
    first = next(following)
    indus_lms.put(f"{SUBJECTS}/{people[0]}", {"role": "learner", "full_name": "Changed"})
    rest = [one["external_id"] for page in following for one in page["subjects"]]
    assert [one["external_id"] for one in first["subjects"]] == people[:8]
    assert rest == [*people[8:], people[0]]


def test_the_list_is_filtered_by_role_and_last_change(indus_lms, people):
    assert ids(indus_lms.get(SUBJECTS, role="guardian")) == ["lms-esra"]
    changed_at = indus_lms.get(f"{SUBJECTS}/{people[6]}").json()["changed_at"]
    assert ids(indus_lms.get(SUBJECTS, changed_since=changed_at)) == people[6:]
    assert ids(indus_lms.get(f"{SUBJECTS}?role=student&changed_since={quote(changed_at)}")) == []


def test_the_number_of_queries_does_not_depend_on_the_number_of_people(indus_lms, people):
    counts = set()
    for limit in (1, 15):
        for address in (SUBJECTS, PERSONAL):
            with CaptureQueriesContext(connection) as queries:
                indus_lms.get(f"{address}{'&' if '?' in address else '?'}limit={limit}")
            counts.add((address, len(queries)))
    assert len(counts) == 2


def test_personal_fields_need_a_reason_and_each_access_is_recorded(indus_lms, people, cast):
    assert_refused(indus_lms.get(f"{SUBJECTS}?include=personal"), "#/reason")
    with in_client(cast.client_id("indus")):
        before = AccessRecord.objects.count()
    shown = indus_lms.get(f"{PERSONAL}&role=learner").json()["subjects"]
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


def test_a_cursor_of_another_list_is_refused(indus_lms, people):
    cursor = indus_lms.get(f"{SUBJECTS}?limit=1").json()["next"].partition("cursor=")[2]
    assert_refused(indus_lms.get(f"{SUBJECTS}?role=learner&cursor={cursor}"), "#/cursor")
    assert_refused(
        indus_lms.get(f"{SUBJECTS}?changed_since={timezone.now() - timedelta(1):%Y-%m-%d}"), "#/changed_since"
    )
    assert_refused(indus_lms.get(f"{SUBJECTS}?state=open"), "#/state")


def test_the_list_is_read_by_an_index_of_the_client(committed):
    """A database of its own: the dead rows of other tests would decide which index is cheaper."""
    indus_lms = Caller(committed.key("indus"))
    by_role = ["subject_by_role_and_change", "subject_roles_by_change"]  # the main role, then people with several
    for address, indexes in ((SUBJECTS, ["subject_by_change"]), (f"{SUBJECTS}?role=learner", by_role)):
        with CaptureQueriesContext(connection) as queries:
            indus_lms.get(address)
        statements = [one["sql"] for one in queries if 'ORDER BY "people_subject"."changed_at"' in one["sql"]]
        with in_client(committed.client_id("indus")), connection.cursor() as cursor:
            for method in ("seqscan", "sort", "bitmapscan"):  # a small table is otherwise read as a whole
                cursor.execute(f"SET LOCAL enable_{method} = off")
            for statement, index in zip(statements, indexes, strict=True):
                cursor.execute(f"EXPLAIN {statement}")
                assert f"{index} " in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/api/v1/orders?state=x", "open, answered"), ("/api/v1/rights-requests?state=x", "open, all")],
)
def test_a_value_that_is_no_choice_is_answered_with_the_choices(cast, path, allowed):
    errors = Caller(cast.key("indus")).get(path).json()["errors"]
    assert [one["pointer"] for one in errors] == ["#/state"]
    assert f"Allowed: {allowed}" in errors[0]["detail"]
