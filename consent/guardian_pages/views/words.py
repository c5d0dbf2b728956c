"""The words of guardians' pages for states and for what was just done."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.concerns.asking import Obstacle
from children.concerns.selectors import Request

__all__ = ["DONE", "OBSTACLES", "OVERALL", "OWN", "WISHED", "progress_of"]

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
    "asked_copy": _("Every system that holds data of the child was told to give it. You are answered within 30 days."),
    "asked_deletion": _("The school has your request. Once it confirms, every system is told to delete."),
    "kept": _("Recorded: the school keeps what it must keep, and nothing else happens with it."),
    "weak": _("Nothing was allowed: for this the school must first have seen that it is you."),
    "nothing": _("Nothing was changed: it was so already."),
    "changed": _("Nothing was decided: what is said there has changed since your yes. Please read it again."),
    "checked": _("The check has shown that it is you."),
    "often": _("Nothing was begun: you had yourself checked several times today. Please try again tomorrow."),
    "early": _("Not yet: wait for the second letter, and come in with the code from its link."),
}
"""What is said after an act, by the word in the address."""

WISHED: dict[str, Promise] = {"copy": _("A copy of the data"), "deletion": _("Deletion of the data")}
OBSTACLES: dict[Obstacle, Promise] = {
    Obstacle.NOT_VERIFIED: _(
        "The school has not seen that you are the guardian, or this no longer holds. Show yourself at the school, or "
        "hand in its signed form; then you can ask here."
    ),
    Obstacle.TOO_WEAK: _(
        "So far only two letters show that it is you, and a child’s data is handed to nobody for that alone. Show "
        "yourself at the school, or hand in its signed form; then you can ask here."
    ),
    Obstacle.NOT_TOLD: _("The school has noted that you may not be told what is held. Please speak with the school."),
}
"""Why a guardian cannot ask for something here, and what helps."""


def progress_of(request: Request) -> str | Promise:
    """Say how far a guardian's request is."""
    if not request.case.is_open:
        return _("Answered by the school")
    if request.waits_for_client:
        return _("Waits for the school to confirm it")
    if request.answered < request.told:
        words = _("%(answered)s of %(told)s systems have answered")
        return words % {"answered": request.answered, "told": request.told}
    return _("Every system has answered; the school answers you")
