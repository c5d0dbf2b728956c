"""Emails about breaches: letters in the words of staff, and reminders of the 72-hour clock."""

from paktaleem.directory.mail.kinds import declare_message

LETTER = declare_message("breach_letter", fields=("text",))
"""A letter about a breach to a client's administrators, to a person, or to a child's guardian."""
REMINDER = declare_message("breach_reminder", fields=("school", "hours", "due", "url"))
"""A reminder to staff that the authority is to be notified; ``hours`` is 0 once it is overdue."""
