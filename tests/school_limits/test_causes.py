"""A refused page tells staff limited to schools why: the limit only if the role has the right without it."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.middleware import RequestContextMiddleware
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.web.public.errors import permission_denied
from tests.cast import Cast
from tests.school_limits.limiting import make_head, make_school
from tests.signing_in import browser_of

LIMIT, ROLE = "Your role is limited to some schools.", "You do not have permission to see this page or to do this."


def head_of(cast: Cast, role: str = "client_admin") -> Client:
    """Return the browser of a member limited to a school in which Danish is."""
    return browser_of(make_head(cast, make_school(cast, "north", cast.subject_id("danish")), role=role))


def find_cause(browser: Client, url: str) -> list[str]:
    answer = browser.get(url)
    assert answer.status_code == 403, url
    return [words for words in (LIMIT, ROLE) if words in answer.content.decode()]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("/admin/accounts/apikey/", LIMIT),
        ("/admin/accounts/apikey/add/", LIMIT),
        ("/admin/webhooks/endpoint/", LIMIT),
        ("/admin/accounts/client/add/", ROLE),
        ("/admin/breaches/breach/", LIMIT),
        ("/admin/audit/entry/add/", ROLE),
    ],
)
def test_an_administrator_reads_whether_the_limit_or_the_role_refuses(cast: Cast, url: str, cause: str) -> None:
    assert find_cause(head_of(cast), url) == [cause]


def test_who_may_never_do_it_does_not_read_of_the_limit(cast: Cast) -> None:
    auditor = head_of(cast, "client_auditor")
    person = f"/admin/people/subject/{cast.subject_id('danish')}"
    for url in ("/admin/people/subject/add/", "/admin/accounts/apikey/add/", f"{person}/moves-away/"):
        assert find_cause(auditor, url) == [ROLE], url


def test_what_the_database_refuses_is_the_limit(cast: Cast) -> None:
    school = make_school(cast, "north")
    request: Any = RequestFactory().get("/admin/")
    request.actor = user_actor(cast.user_id("farah"), "client_admin", cast.client_id("indus"), schools=[school])
    with in_client(cast.client_id("indus"), schools=frozenset([school])):
        with pytest.raises(ProgrammingError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_client SET name = 'x'")
        with pytest.raises(PermissionDenied) as refused:
            RequestContextMiddleware(lambda _: HttpResponse()).process_exception(request, error.value)
        assert LIMIT in permission_denied(request, refused.value).content.decode()
        assert ROLE in permission_denied(request, PermissionDenied()).content.decode()
