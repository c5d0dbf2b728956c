"""Emails about authorities' deadlines, to staff."""

from paktaleem.directory.mail.kinds import declare_message

DEADLINE = declare_message("rights_authority_deadline", fields=("number", "school", "due", "url"))
