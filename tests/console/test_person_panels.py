"""The panels of a person's page share one context of the client."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.console.pages import row_url
from tests.signing_in import SignIn


def test_an_officers_page_of_a_person_opens_one_context_of_the_client(cast: Cast, sign_in: SignIn) -> None:
    browser, url = sign_in("amina"), row_url("subjects/subject", cast.subject_id("danish"))
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(url)
    opened = [one for one in queries if "tenancy_clock_offset" in one["sql"]]
    assert page.status_code == 200
    assert len(opened) == 1, f"{len(opened)} contexts, {len(queries)} queries"
