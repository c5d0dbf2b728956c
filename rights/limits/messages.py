"""The email before a restriction is lifted."""

from paktaleem.directory.mail.kinds import declare_message

LIFT = declare_message("rights_lift")
"""The notice that a restriction will be lifted."""
