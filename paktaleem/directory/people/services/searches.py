"""Searches of staff for people, each recorded."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import search_subjects
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.first_rows import FirstRows, take_first

FOUND_AT_MOST = 20
SEARCHED = "search"
"""Name in place of fields in the access record of a person found by a search."""


@transaction.atomic
def find_people(text: str, *, client_id: UUID, actor: Actor, reason: Reason | str, at: datetime) -> FirstRows[Subject]:
    """Find up to 20 people of one client whose LMS id, full name, email or phone is exactly ``text`` (policy §5).

    The search is recorded with its reason, also if it finds no one, and with each person found; the text is not stored.
    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_SUBJECTS, client_id)
    people = search_subjects(Subject.objects.filter(client_id=client_id), text)
    found = take_first(people.order_by("id"), FOUND_AT_MOST)
    facts = {"by": "name_or_contact", "reason": Reason(reason).value, "found": len(found)}
    record_entry("people.searched", client_id=client_id, facts=facts, actor=actor, at=at)
    for person in found:
        record_access(person, [SEARCHED], actor=actor, reason=reason, at=at)
    return found


def record_id_search(*, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record a search of the list of people by LMS id, which needs no reason. Raises NotAllowed."""
    require(actor, Capability.VIEW_SUBJECTS)
    record_entry("people.searched", client_id=client_id, facts={"by": "lms_id"}, actor=actor, at=at)


def refresh_statistics() -> None:
    """Make the statistics of people anew, with this transaction's rows and without those of erased people.

    A sample has LMS ids, the one identifier in clear, so it keeps those of erased people until it is made anew. A table
    that another transaction is just analyzing is left out (``people/sql/people_refresh_statistics.sql``).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_refresh_statistics()")
