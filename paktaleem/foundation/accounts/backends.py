"""Authentication backend for staff: email address and password."""

from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import is_password_refused
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_global


class StaffBackend(BaseBackend):
    """Authenticate active staff by email address and password; permissions come from memberships."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: object
    ) -> User | None:
        """Return the active user with this email address and password, else None; also None if they must not use it.

        An unknown address takes the same time, so that it cannot be distinguished from a wrong password.
        """
        del request
        if not email or not password or "\x00" in email:
            return None
        user = self._find_user(email)
        if user is None:
            User().set_password(password)
            return None
        is_accepted = user.check_password(password) and user.is_active and not _is_refused(user)
        return user if is_accepted else None

    def get_user(self, user_id: object) -> User | None:
        with in_global():
            user = User.objects.filter(pk=UUID(str(user_id))).first()
        return user if user and user.is_active else None

    def _find_user(self, address: str) -> User | None:
        with in_global():
            return User.objects.filter(email__iexact=address.strip()).first()


def _is_refused(user: User) -> bool:
    with in_global():
        return is_password_refused(user.pk, at=wall_clock_now())
