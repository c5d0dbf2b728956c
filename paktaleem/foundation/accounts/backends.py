"""Authentication backend for staff: email address and password."""

from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import password_rules
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_global


class StaffBackend(BaseBackend):
    """Authenticate active staff by email address and password; permissions come from memberships."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: object
    ) -> User | None:
        del request
        if not email or not password or "\x00" in email:
            return None
        with in_global():
            user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            User().set_password(password)  # takes as long as a wrong password, so that no one learns who has an account
            return None
        if not user.check_password(password) or not user.is_active:
            return None
        with in_global():
            return None if any(rule(user.pk, wall_clock_now()) for rule in password_rules) else user

    def get_user(self, user_id: object) -> User | None:
        with in_global():
            user = User.objects.filter(pk=UUID(str(user_id))).first()
        return user if user and user.is_active else None
