"""Signing in to the console as anyone of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast
from tests.signing_in import browser_of

type SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(cast: Cast) -> SignIn:
    """Sign a member of staff in, and give their browser."""

    def browser(name: str) -> Client:
        return browser_of(cast.user(name))

    return browser
