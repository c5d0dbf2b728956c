"""Emails and text messages about reaching the age of consent, and full age.

They contain no names and no date of birth, because they may be visible on a shared screen.
"""

from paktaleem.directory.mail.kinds import declare_message

_FIELDS = ("url", "days")

TO_GUARDIAN = declare_message("of_age_guardian", fields=_FIELDS, is_texted=True)
TO_PERSON = declare_message("of_age_person", fields=_FIELDS, is_texted=True)
TO_STAFF = declare_message("of_age_staff", fields=("count", *_FIELDS))
FULL_AGE_GUARDIAN = declare_message("full_age_guardian", fields=("url",), is_texted=True)
FULL_AGE_PERSON = declare_message("full_age_person", fields=("url",), is_texted=True)
