"""Sign-in page by page, with an authenticator app."""

from typing import Any

import pyotp
from django.core import mail
from django.test import Client

from paktaleem.directory.mail.services import DELIVER
from paktaleem.directory.mail.tasks import deliver
from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp
from paktaleem.directory.staff.sign_in.tasks import notify_break_glass, send_password_link, send_staff_link, tell_owner
from paktaleem.directory.staff.sign_in.views import SEND_PASSWORD_LINK
from paktaleem.foundation.accounts.break_glass import NOTIFY_BREAK_GLASS
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import NOTIFY_OWNER, SEND_STAFF_LINK
from paktaleem.foundation.tenancy.context import in_global
from tests.working import work

SIGN_IN = "/admin/login/"
VERIFY = "/accounts/2fa/authenticate/"
ENROL = "/accounts/2fa/totp/activate/"
FACTORS = "/accounts/2fa/"
STEP_UP = "/accounts/reauthenticate/"
FORGOTTEN = "/accounts/password/reset/"
TASKS: dict[str, Any] = {
    NOTIFY_OWNER: tell_owner,
    NOTIFY_BREAK_GLASS: notify_break_glass,
    SEND_PASSWORD_LINK: send_password_link,
    SEND_STAFF_LINK: send_staff_link,
    DELIVER: deliver,
}


def letters() -> list[Any]:
    work(TASKS)
    return mail.outbox


class Visitor:
    """A browser of one person with an email address, a password and possibly a secret."""

    def __init__(self, email: str, password: str | None = None, *, secret: str = "", **extra: Any) -> None:
        self.email, self.password, self.secret = email, password or email, secret
        self.browser = Client(**extra)

    def enter(self, password: str | None = None) -> Any:
        given = {"username": self.email, "password": password or self.password}
        return self.browser.post(SIGN_IN, given)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).now()

    def verify(self, code: str | None = None) -> Any:
        return self.browser.post(VERIFY, {"code": code or self.code()})

    def enrol(self) -> Any:
        page = self.browser.get(ENROL)
        self.secret = page.context["form"].secret
        return self.browser.post(ENROL, {"code": self.code()})

    def status(self, url: str = "/admin/") -> int:
        return int(self.browser.get(url).status_code)

    @property
    def is_in(self) -> bool:
        return self.status() == 200


def enrolled(user: User, **extra: Any) -> Visitor:
    secret = create_totp_secret()
    with in_global():
        enrol_totp(user, secret)
    return Visitor(user.email, secret=secret, **extra)
