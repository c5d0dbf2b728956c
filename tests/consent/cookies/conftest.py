"""Fixtures: Khyber's context, and Khyber with cookies and a site."""

import pytest

from paktaleem.foundation.tenancy.context import in_client
from tests.consent.cookies.making import make_site, make_usual_cookies


@pytest.fixture
def site_of(cast):
    """Return a function that gives a client cookies and a site, and returns the site."""

    def make(code, *origins):
        client_id = cast.client_id(code)
        with in_client(client_id):
            make_usual_cookies(client_id)
            return make_site(client_id, *origins)

    return make
