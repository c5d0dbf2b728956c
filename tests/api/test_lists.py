"""Lists have cursor pagination and conditional requests (RFC 8288, RFC 9110 §13)."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from tests.factories import deactivate_purpose

PURPOSES, NOTICE = "/api/v1/purposes", "/api/v1/notices/current?purpose=newsletter"
CONSENTS, CHANGES = "/api/v1/subjects/lms-kiran/consents", "/api/v1/changes"
LISTS = [PURPOSES, CONSENTS, CHANGES]


@pytest.fixture
def answered(khyber):
    """Record five answers of Kiran's; return their ids, latest first."""
    for state in ("refused", "requested", "given", "refused", "given"):
        khyber.consent("lms-kiran", "newsletter", state)
    return [event["id"] for event in khyber.get(CONSENTS).json()["history"]]


def pages(caller, address):
    """Return all pages of a list, as a client reads them."""
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


def test_pages_list_each_purpose_once(khyber):
    whole = khyber.get(PURPOSES).json()
    assert whole["next"] is None
    shown = list(pages(khyber, f"{PURPOSES}?limit=3"))
    assert [len(page["purposes"]) for page in shown] == [3, 3, 3, 1]
    assert [one for page in shown for one in page["purposes"]] == whole["purposes"]


def test_pages_list_each_answer_once_even_if_more_are_added(khyber, answered):
    following = pages(khyber, f"{CONSENTS}?limit=2")
    first = next(following)
    khyber.consent("lms-kiran", "newsletter", "refused")
    shown = [first, *following]
    assert [len(page["history"]) for page in shown] == [2, 2, 1]
    assert [event["id"] for page in shown for event in page["history"]] == answered


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "1e2", ""])
def test_an_invalid_limit_is_refused(khyber, address, limit):
    assert_refused(khyber.get(address, limit=limit), "#/limit")


@pytest.mark.parametrize("address", [PURPOSES, CONSENTS])
@pytest.mark.parametrize("cursor", ["", "x", "newsletter", "a:b:c", "ü", "\x00", "x" * 501])
def test_an_invalid_cursor_is_refused(khyber, address, cursor):
    assert_refused(khyber.get(address, cursor=cursor), "#/cursor")


def test_a_cursor_with_one_character_changed_is_refused(khyber):
    cursor = cursor_of(khyber, f"{PURPOSES}?limit=1")
    assert khyber.get(PURPOSES, cursor=cursor).status_code == HTTPStatus.OK
    assert_refused(khyber.get(PURPOSES, cursor=cursor[:-1] + ("a" if cursor[-1] != "a" else "b")), "#/cursor")


def test_a_cursor_is_valid_only_for_its_own_list_and_client(khyber, indus, answered):
    purposes, consents = cursor_of(khyber, f"{PURPOSES}?limit=1"), cursor_of(khyber, f"{CONSENTS}?limit=1")
    assert_refused(indus.get(PURPOSES, cursor=purposes), "#/cursor")
    assert_refused(khyber.get(PURPOSES, cursor=consents), "#/cursor")
    assert_refused(indus.get("/api/v1/subjects/lms-danish/consents", cursor=consents), "#/cursor")
    khyber.put("/api/v1/subjects/lms-lala", {"role": "learner"})
    assert_refused(khyber.get("/api/v1/subjects/lms-lala/consents", cursor=consents), "#/cursor")
    assert_refused(khyber.get(CHANGES, since=purposes), "#/since")


def etag_of(caller, address):
    response = caller.get(address)
    assert response["Cache-Control"] == "no-store"
    return response["ETag"]


@pytest.mark.parametrize("address", [PURPOSES, NOTICE, CONSENTS])
def test_an_unchanged_list_is_304_without_a_body(khyber, address):
    etag = etag_of(khyber, address)
    opaque = etag.removeprefix("W/")  # weak comparison, RFC 9110 §13.1.2
    for told in (etag, opaque, f"W/{opaque}", f'"another", {etag}', "*"):
        response = khyber.get(address, headers={"If-None-Match": told})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    for told in ('"another"', opaque.strip('"'), '""'):
        assert khyber.get(address, headers={"If-None-Match": told}).status_code == HTTPStatus.OK


def test_a_new_answer_changes_the_etag(khyber):
    etag = etag_of(khyber, CONSENTS)
    khyber.consent("lms-kiran", "newsletter")
    assert khyber.get(CONSENTS, headers={"If-None-Match": etag}).status_code == HTTPStatus.OK


def test_a_changed_purpose_changes_the_etag(khyber, cast):
    etag = etag_of(khyber, PURPOSES)
    with in_client(cast.client_id("khyber")):
        at = timezone.now() - timedelta(seconds=1)
        deactivate_purpose("newsletter", client_id=cast.client_id("khyber"), at=at)
    assert khyber.get(PURPOSES, headers={"If-None-Match": etag}).status_code == HTTPStatus.OK


def test_etags_differ_by_client_language_and_page(khyber, indus):
    etags = [
        etag_of(khyber, NOTICE),
        etag_of(khyber, f"{NOTICE}&language=ur"),
        etag_of(indus, NOTICE),
        etag_of(khyber, PURPOSES),
        etag_of(khyber, f"{PURPOSES}?limit=3"),
    ]
    assert len(set(etags)) == len(etags)


@pytest.mark.parametrize("address", [PURPOSES, NOTICE, CONSENTS])
def test_head_returns_the_same_headers_without_a_body(khyber, address):
    response = khyber.head(address)
    assert (response.status_code, response.content, response["ETag"]) == (200, b"", etag_of(khyber, address))


def test_another_client_cannot_test_an_etag(khyber, indus):
    etag = etag_of(khyber, CONSENTS)
    assert indus.get(CONSENTS, headers={"If-None-Match": etag}).status_code == HTTPStatus.NOT_FOUND
