"""Texts of the guardians' pages for states and for the result of an act."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OWN_ANSWER_TEXTS: dict[str, Promise] = {
    "": _("You have not answered yet: nothing is allowed."),
    "waits": _("You said yes. It does not count yet: it waits for your second confirmation."),
    "given": _("You said yes."),
    "refused": _("You said no."),
    "withdrawn": _("You took back your yes."),
    "lapsed": _("You said yes, and it no longer counts. Please ask the school."),
}
OVERALL_TEXTS: dict[str, Promise] = {
    "": _("The platform may not be used for this child."),
    "given": _("The platform may be used for this child."),
    "refused": _("The platform may not be used for this child: a guardian, or the child, said no."),
    "withdrawn": _("The platform may not be used for this child: a guardian took back their yes."),
    "lapsed": _("The platform may not be used for this child: the guardian who said yes may no longer decide."),
}
DONE_TEXTS: dict[str, Promise] = {
    "given": _("Your yes is recorded, and counts from now on."),
    "waits": _("Thank you. Your yes does not count yet: we will send you a second message to confirm it."),
    "confirmed": _("Confirmed. Your yes counts from now on."),
    "refused": _("Your no is recorded. Nothing is allowed."),
    "withdrawn": _("Taken back, with effect at once."),
    "shares": _("Recorded: outside recipients may receive what the platform needs them for."),
    "keeps": _("Recorded: nothing goes to outside recipients."),
    "allowed": _("Allowed, from now on."),
    "not_allowed": _("Recorded: it is not allowed."),
    "later": _("Nothing was decided. You can come back with a new code whenever you like."),
    "weak": _("Nothing was allowed: the school must verify your identity first."),
    "nothing": _("Nothing was changed: it was so already."),
    "changed": _("Nothing was decided: the notice has changed since your yes. Please read it again."),
    "checked": _("The check has verified your identity."),
    "often": _("No check was started: you have reached today’s limit. Please try again tomorrow."),
    "early": _("Not yet: wait for the second message, open its link, and enter the code."),
}
"""Messages shown after an act, by the value of ``done`` in the URL."""
