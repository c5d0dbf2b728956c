"""Browsers with a signed-in staff user, as after a sign-in with certain factors."""

import time
from collections.abc import Callable, Sequence

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_global

BOTH = ("password", "mfa")

type SignIn = Callable[[str], Client]
"""Signs in a member of the cast by name, and returns the browser."""


def browser_of(user: User, *, proofs: Sequence[str] = BOTH, seconds_ago: float = 0) -> Client:
    browser = Client()
    with in_global():
        browser.force_login(user, backend="paktaleem.foundation.accounts.backends.StaffBackend")
    prove(browser, user, proofs=proofs, seconds_ago=seconds_ago)
    return browser


def prove(browser: Client, user: User, *, proofs: Sequence[str] = BOTH, seconds_ago: float = 0) -> None:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": method, "at": time.time() - seconds_ago} for method in proofs
    ]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    session.save()
