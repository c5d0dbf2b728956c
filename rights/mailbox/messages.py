"""Emails of the mailbox."""

from paktaleem.directory.mail.kinds import declare_message

ACKNOWLEDGED = declare_message("mailbox_acknowledged", fields=("due", "url"), is_automatic_reply=True)
"""The automatic reply to an email: what happens next and by when; the same for every sender."""
