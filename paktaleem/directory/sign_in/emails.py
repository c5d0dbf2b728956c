"""Emails about accounts: notice of a change, and the link to set a password."""

from datetime import timedelta

from django.conf import settings

from paktaleem.directory.mail.kinds import declare_message

__all__ = ["ACCOUNT_CHANGED", "CHANGES", "LINK_LIFE", "PASSWORD_LINK"]

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
    "password_set",
)
"""Kinds of changes to an account; the template has a sentence for each."""
LINK_LIFE = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)

ACCOUNT_CHANGED = declare_message("account_changed", fields=["change", "day", "time", "support"])
PASSWORD_LINK = declare_message("password_link", fields=["url", "minutes"], life=LINK_LIFE)
