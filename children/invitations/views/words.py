"""The words of guardians' pages for states and for what was just done."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

__all__ = ["DONE", "OVERALL", "OWN"]

OWN: dict[str, Promise] = {
    "": _("You have not answered yet: nothing is allowed."),
    "waits": _("You said yes. It does not count yet: it waits for your second confirmation."),
    "given": _("You said yes."),
    "refused": _("You said no."),
    "withdrawn": _("You took your yes back."),
    "lapsed": _("You said yes, and it no longer counts. Please ask the school."),
}
OVERALL: dict[str, Promise] = {
    "": _("The platform may not be used for this child."),
    "given": _("The platform may be used for this child."),
    "refused": _("The platform may not be used for this child: a guardian, or the child, said no."),
    "withdrawn": _("The platform may not be used for this child: a yes was taken back."),
    "lapsed": _("The platform may not be used for this child: who said yes may no longer decide."),
}
DONE: dict[str, Promise] = {
    "given": _("Your yes is recorded, and counts from now on."),
    "waits": _("Thank you. Your yes does not count yet: we write to you once more, and you confirm it then."),
    "confirmed": _("Confirmed. Your yes counts from now on."),
    "refused": _("Your no is recorded. Nothing is allowed."),
    "withdrawn": _("Taken back. It stops from now on."),
    "shares": _("Recorded: outside recipients may receive what the platform needs them for."),
    "keeps": _("Recorded: nothing goes to outside recipients."),
    "allowed": _("Allowed, from now on."),
    "not_allowed": _("Recorded: it is not allowed."),
    "later": _("Nothing was decided. You can come back with a new code whenever you like."),
    "asked": _("Your request is with the school and PakTaleem. You will be answered at the latest in 30 days."),
    "kept": _("Recorded: the school keeps what it must keep, and nothing else happens with it."),
    "nothing": _("Nothing was changed: it was so already."),
    "changed": _("Nothing was decided: what is said there has changed since your yes. Please read it again."),
    "early": _("Not yet: wait for the second letter, and come in with the code from its link."),
}
"""What is said after an act, by the word in the address."""
