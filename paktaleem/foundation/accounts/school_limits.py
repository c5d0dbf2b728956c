"""The limit of a membership to schools of its client: who may give it, and whether a change widens it.

The database holds staff to their schools (``tenancy.school_limits``); these rules refuse with a sentence that is shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext_noop

from paktaleem.foundation.accounts.actors import Actor, NotAllowed
from paktaleem.foundation.accounts.models import Membership

_REFUSAL = "a limit names schools of the client only"
"""The words of the trigger function school_limits_check_names."""
_UNKNOWN = gettext_noop("Name only schools of this client.")


class OutsideOwnSchools(NotAllowed):
    """A limited member manages a membership that is not limited to the member's own schools."""

    console_message = "You manage colleagues within your own schools only, and not your own membership."


@contextmanager
def naming_own_schools() -> Iterator[None]:
    """Raise ValidationError if the database refuses a school that is not the client's; then roll back."""
    try:
        yield
    except IntegrityError as error:
        if _REFUSAL not in str(error):
            raise
        raise ValidationError({"school_ids": [_UNKNOWN]}) from error


def has_wider_limit(new: Membership, old: Membership) -> bool:
    """Return True if a membership shows a school that it did not show before."""
    if old.school_ids is None:
        return False
    return new.school_ids is None or not set(new.school_ids) <= set(old.school_ids)


def require_within(actor: Actor, *memberships: Membership) -> None:
    """Hold an actor limited to schools to others' memberships within these schools. Raises OutsideOwnSchools."""
    if actor.schools is None:
        return
    for one in memberships:
        if one.user_id == actor.id or one.school_ids is None or not set(one.school_ids) <= actor.schools:
            raise OutsideOwnSchools


def require_unlimited(actor: Actor) -> None:
    """Require an actor without a limit: a change that takes two people is not for limited staff. Raises NotAllowed."""
    if actor.schools is not None:
        raise NotAllowed(f"{actor.role} limited to schools may not propose or approve changes of staff.")
