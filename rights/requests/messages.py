"""Emails about rights requests: to the person, and to staff with a task."""

from paktaleem.directory.mail.kinds import declare_message
from rights.requests.deadlines import StepKind

RECEIVED = declare_message("rights_received", fields=("number", "rights", "due", "url", "is_about_child"))
"""The acknowledgement: what was requested, what happens next and by when, and how to end it."""
CONFIRM = declare_message("rights_confirm", fields=("number", "rights", "url", "days"))
"""The link with which the person confirms or denies a request that names their contact."""
NOTICE = declare_message("rights_notice", fields=("number", "expected", "text"))
"""The reasoned notice of what is still to come, by an extension or during a pause."""
ANSWER = declare_message("rights_answer", fields=("number", "text"))
"""The answer, or the refusal with the right to complain."""
OF_GUARDIAN = declare_message("rights_of_guardian", fields=("rights", "url"), is_texted=True)
"""To a young person from the age of consent on: a guardian made a request about their data."""

_STAFF = ("number", "school", "due", "url")
STAFF_MESSAGES = {kind: declare_message(f"rights_{kind.value}", fields=_STAFF) for kind in StepKind}
"""Messages to staff, by the step of the schedule."""
