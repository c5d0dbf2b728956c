"""Emails and text messages to guardians. They never name the child, since they may be visible on a shared screen."""

from datetime import timedelta

from paktaleem.directory.access_links.messages import INVITATION_LIFE
from paktaleem.directory.mail.kinds import declare_message

_FIELDS = ["url", "days"]
_KEPT = INVITATION_LIFE - timedelta(hours=1)

INVITATION = declare_message("guardian_invitation", fields=_FIELDS, life=_KEPT, is_texted=True)
REMINDER = declare_message("guardian_reminder", fields=_FIELDS, life=_KEPT, is_texted=True)
CONFIRMATION = declare_message("guardian_confirmation", fields=_FIELDS, life=_KEPT, is_texted=True)
"""Sent some time after consent (COPPA, 16 CFR 312.5(b)(2)(viii) and (ix)): asks to confirm, and explains withdrawal."""
