"""Signing in to the console as anyone of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

from paktaleem.tenancy.context import in_global
from tests.cast import Cast

type SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(cast: Cast) -> SignIn:
    """Sign a member of staff in, and give their browser."""

    def browser(name: str) -> Client:
        client = Client()
        with in_global():
            client.force_login(cast.user(name))
        return client

    return browser
