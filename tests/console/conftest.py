"""Sign-in to the console as any member of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast
from tests.signing_in import browser_of

type SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(cast: Cast) -> SignIn:
    """Return a function that signs in a member of staff and returns the browser."""

    def browser(name: str) -> Client:
        return browser_of(cast.user(name))

    return browser
