"""Who may sign in: active staff, by working address and password."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_global

__all__ = ["StaffBackend"]


class StaffBackend(BaseBackend):
    """Checks mail address and password; permissions come from memberships, not from here."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """Return the active user with this address and password, taking the same time for an unknown address."""
        del request
        if not email or not password or "\x00" in email:
            return None
        user = self._with_address(email)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: Any) -> User | None:
        """Return the signed-in user, or None once their account is disabled: the next request fails."""
        with in_global():
            user = User.objects.filter(pk=UUID(str(user_id))).first()
        return user if user and user.is_active else None

    def _with_address(self, address: str) -> User | None:
        with in_global():
            return User.objects.filter(email__iexact=address.strip()).first()
