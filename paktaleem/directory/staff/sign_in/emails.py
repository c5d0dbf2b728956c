"""Emails about accounts: notice of a change, links to set a password, and notice of a break-glass act."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from paktaleem.directory.mail.kinds import declare_message
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import STAFF_LINK_LIFE, StaffLink

CHANGES = (
    "totp_added",
    "totp_removed",
    "key_added",
    "key_removed",
    "codes_renewed",
    "code_used",
    "factors_reset",
    "password_changed",
    "password_reset",
    "enabled",
    "recovery_proposed",
    "role_given",
    "role_locked",
)
"""Kinds of changes to an account; the template has a sentence for each."""
LINK_LIFE = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)

ACCOUNT_CHANGED = declare_message("account_changed", fields=["change", "day", "time", "support"])
PASSWORD_LINK = declare_message("password_link", fields=["url", "minutes"], life=LINK_LIFE)
STAFF_LINKS = {
    code: declare_message(code, fields=["url", "hours", "support"], life=STAFF_LINK_LIFE)
    for code in (StaffLink.INVITATION, StaffLink.RESET)
}
"""The first email of a new member of staff, and the link after a reset by officers."""
BREAK_GLASS = declare_message("break_glass", fields=["day", "time", "url", "support"])


class _StaffTokenGenerator(PasswordResetTokenGenerator):
    """Django's tokens of password links, with a longer life; the same view accepts both."""

    def make_token_at(self, user: User, at: datetime) -> str:
        """Return a token with the time at which a token of Django's life must be made to expire when this one does."""
        shifted = (at + STAFF_LINK_LIFE - LINK_LIFE).astimezone(UTC).replace(tzinfo=None)
        return self._make_token_with_timestamp(user, self._num_seconds(shifted), self.secret)


def create_staff_token(user: User, *, at: datetime) -> str:
    """Return a token that works once, until ``STAFF_LINK_LIFE`` after ``at``, while the password is not set."""
    return _StaffTokenGenerator().make_token_at(user, at)
