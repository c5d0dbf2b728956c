"""Texts of the pages on which guardians make requests about a child's data."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.guardians.authority import RequestBlocker
from rights.channels.views import STATES_FOR_PERSON
from rights.guardian_requests.selectors import RequestProgress
from rights.guardian_requests.wishes import RIGHT_OF, Wish
from rights.requests.models import RightKind
from rights.requests.states import State

WISH_LABELS: dict[Wish, Promise] = {
    Wish.COPY: _("I request a copy of the data"),
    Wish.DELETION: _("I request that the data be deleted"),
    Wish.RECTIFICATION: _("I request that wrong data be corrected"),
    Wish.RESTRICTION: _("I request that the data be kept, but not used for now"),
    Wish.PORTABILITY: _("I request the data as a file for another service"),
    Wish.OBJECTION: _("I object to a use of the data"),
    Wish.COMPLAINT: _("I complain about how the data is handled"),
    Wish.KEEP: _("Keep only what the school must keep, and do nothing else with it"),
}
_NAMES: dict[RightKind, Promise] = {
    RightKind.ACCESS: _("A copy of the data"),
    RightKind.ERASURE: _("Deletion of the data"),
}
_BLOCKERS: dict[RequestBlocker, Promise] = {
    RequestBlocker.NOT_VERIFIED: _(
        "The school has not verified that you are the guardian, or the verification is no longer valid. Go to the "
        "school in person, or hand in its signed form; then you can ask here."
    ),
    RequestBlocker.TOO_WEAK: _(
        "So far you are verified by two messages only, which is not enough to receive a child’s data. Go to the school "
        "in person, or hand in its signed form; then you can ask here."
    ),
    RequestBlocker.NOT_TOLD: _(
        "The school has noted that you may not receive the child’s data. Please speak with the school."
    ),
}
DONE_TEXTS: dict[str, Promise] = {
    "withdrawn": _("Taken back, with effect at once."),
    "asked_copy": _(
        "Every system that holds data of the child was asked to provide it. You receive an answer within 30 days."
    ),
    "asked_deletion": _("The school has received your request. Once it confirms, every system must delete the data."),
    "asked": _("Your request is recorded. You receive an answer within 30 days."),
    "kept": _("Recorded: the school keeps only what it must keep, and does nothing else with it."),
    "ended": _("Your request is ended."),
    "contact_too_new": _("Your contact was changed less than three days ago. Please come back later."),
    "nothing": _("Nothing was changed: it was so already."),
}
"""Messages shown after an act, by the value of ``done`` in the URL."""

_STATES: dict[State, Promise] = {
    **STATES_FOR_PERSON,
    State.IDENTITY_PENDING: _("The school first makes sure that it is you"),
    State.WITH_CLIENT: _("The school decides"),
}


def name_right(kind: RightKind) -> str | Promise:
    """Return the name of a right in the words of the page."""
    return _NAMES.get(kind, kind.label)


def describe_blockers(blockers: Mapping[Wish, RequestBlocker]) -> list[tuple[str, Promise]]:
    """Return what a guardian cannot request and what to do about it, one line for each reason."""
    names: dict[RequestBlocker, list[str]] = {}
    for wish, why in blockers.items():
        names.setdefault(why, []).append(str(name_right(RIGHT_OF[wish])))
    return [(" · ".join(found), _BLOCKERS[why]) for why, found in names.items()]


def render_progress(progress: RequestProgress) -> str | Promise:
    """Return the state of a guardian's request; while systems carry it out, how many have answered."""
    if progress.request.is_open and progress.answered < progress.total:
        words = _("%(answered)s of %(total)s systems have answered")
        return words % {"answered": progress.answered, "total": progress.total}
    return _STATES[State(progress.request.state)]
