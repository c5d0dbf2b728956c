"""Emails and text messages about an approved erasure, to the person and the guardians of a child."""

from paktaleem.directory.mail.kinds import declare_message

NOTICE = declare_message("erasure_notice", fields=("url", "days"), is_texted=True)
"""The person's data will be erased; the link leads to the page on which they can cancel it."""
GUARDIAN_NOTICE = declare_message("erasure_notice_guardian", fields=("url", "days"), is_texted=True)
"""The same about a child, to a guardian."""
NOTICE_KINDS = frozenset({NOTICE.code, GUARDIAN_NOTICE.code})
