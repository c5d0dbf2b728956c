"""Emails of the desk: letters of staff, notices to a person's other channels, and the notice before a lift."""

from paktaleem.directory.mail.kinds import declare_message

LETTER = declare_message("rights_letter", fields=("number", "text"))
"""A letter about a request, in the words of the staff."""
GUARDIAN_INFORMED = declare_message("rights_guardian_informed", fields=("number", "rights"))
"""A notice to a child's guardian that a request was made in the child's name, or confirmed."""
VERIFIED = declare_message("rights_verified", fields=("number", "rights", "url"))
"""A notice to the person that a request counts as theirs, with the way to end it."""
REPLACED = declare_message("rights_replaced_contact", fields=("url",), is_texted=True)
"""A notice to a previous contact on file: a request goes on with the one that replaced it. It names no person."""
LIFT = declare_message("rights_lift")
"""The notice that a restriction will be lifted."""
