"""Signing in as a person does: page by page, with an authenticator app of one's own."""

from typing import Any

import pyotp
from django.core import mail
from django.test import Client

from paktaleem.directory.mail.services import DELIVER
from paktaleem.directory.mail.tasks import deliver
from paktaleem.directory.sign_in.enrolment import enrol_totp, new_secret
from paktaleem.directory.sign_in.forms import SEND_PASSWORD_LINK
from paktaleem.directory.sign_in.tasks import send_password_link, tell_owner
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.services import TELL_OWNER
from paktaleem.foundation.tenancy.context import in_global
from tests.working import work

SIGN_IN = "/admin/login/"
VERIFY = "/accounts/2fa/authenticate/"
ENROL = "/accounts/2fa/totp/activate/"
FACTORS = "/accounts/2fa/"
STEP_UP = "/accounts/reauthenticate/"
FORGOTTEN = "/accounts/password/reset/"
TASKS: dict[str, Any] = {TELL_OWNER: tell_owner, SEND_PASSWORD_LINK: send_password_link, DELIVER: deliver}


def letters() -> list[Any]:
    """Do what the worker would, and give every letter that was sent so far."""
    work(TASKS)
    return mail.outbox


class Visitor:
    """One person at one browser, who knows an address, a password and perhaps a secret."""

    def __init__(self, email: str, password: str | None = None, *, secret: str = "", **extra: Any) -> None:
        self.email, self.password, self.secret = email, password or email, secret
        self.browser = Client(**extra)

    def enter(self, password: str | None = None) -> Any:
        """Send address and password."""
        given = {"username": self.email, "password": password or self.password}
        return self.browser.post(SIGN_IN, given)

    def code(self) -> str:
        """What the authenticator app shows now."""
        return pyotp.TOTP(self.secret).now()

    def verify(self, code: str | None = None) -> Any:
        """Send a code."""
        return self.browser.post(VERIFY, {"code": code or self.code()})

    def enrol(self) -> Any:
        """Set up an authenticator app by its page."""
        page = self.browser.get(ENROL)
        self.secret = page.context["form"].secret
        return self.browser.post(ENROL, {"code": self.code()})

    def status(self, url: str = "/admin/") -> int:
        """What a page answers."""
        return int(self.browser.get(url).status_code)

    @property
    def is_in(self) -> bool:
        """Whether the console opens."""
        return self.status() == 200


def enrolled(user: User, **extra: Any) -> Visitor:
    """A visitor whose authenticator app is set up already."""
    secret = new_secret()
    with in_global():
        enrol_totp(user, secret)
    return Visitor(user.email, secret=secret, **extra)
