"""When the contacts on file of a person changed: a new one proves nothing for 72 hours."""

from datetime import datetime, timedelta
from typing import NamedTuple

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of

CONTACT_WAIT = timedelta(hours=72)
"""A new or changed contact proves nothing until this time has passed (threat 5: a contact changed for the purpose)."""


class ContactVersion(NamedTuple):
    """The contacts of a person from a time on; empty where there is none."""

    since: datetime
    email: str
    phone: str

    def __repr__(self) -> str:
        return f"ContactVersion({self.since}, •••)"


def list_contact_versions(subject: Subject) -> list[ContactVersion]:
    """List the contacts of a person over time, oldest first, one for each change. Raises KeyDestroyed if erased."""
    # The values in the history are compared opened, because a change of another field may seal them anew.
    sealer, found = sealer_of(subject), list[ContactVersion]()
    rows = subject.history.order_by("history_date", "history_id").values_list("history_date", "email", "phone")
    for since, *sealed in rows:
        email, phone = (
            sealer.open(one, column=f"people_subject.{field}") if one is not None else ""
            for field, one in zip(("email", "phone"), sealed, strict=True)
        )
        if (email, phone) != (found[-1][1:] if found else ("", "")):
            found.append(ContactVersion(since, email, phone))
    return found


def is_contact_settled(subject: Subject, at: datetime) -> bool:
    """Return True if the contacts on file have not changed in the last 72 hours, so that a code to them counts."""
    versions = list_contact_versions(subject)
    return not versions or at - versions[-1].since >= CONTACT_WAIT
