"""Tokens of the links in invitations and in resets by officers."""

from datetime import UTC, datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from paktaleem.directory.sign_in.emails import LINK_LIFE
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import STAFF_LINK_LIFE


class _StaffTokenGenerator(PasswordResetTokenGenerator):
    """Django's tokens of password links, with a longer life; the same view accepts both."""

    def make_token_at(self, user: User, at: datetime) -> str:
        """Return a token with the time at which a token of Django's life must be made to expire when this one does."""
        shifted = (at + STAFF_LINK_LIFE - LINK_LIFE).astimezone(UTC).replace(tzinfo=None)
        return self._make_token_with_timestamp(user, self._num_seconds(shifted), self.secret)


def create_staff_token(user: User, *, at: datetime) -> str:
    """Return a token that works once, until ``STAFF_LINK_LIFE`` after ``at``, while the password is not set."""
    return _StaffTokenGenerator().make_token_at(user, at)
