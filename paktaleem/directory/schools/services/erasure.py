"""Delete a person's enrolments with their erasure."""

from datetime import datetime

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Enrolment
from paktaleem.foundation.accounts.actors import Actor


def delete_enrolments(subject: Subject, actor: Actor, at: datetime) -> None:
    """Delete all enrolments of a person who is erased: a class and a period can identify a person of a small class.

    Follows GDPR Art. 17.
    """
    del actor, at  # the erasure itself is recorded
    Enrolment.objects.filter(client_id=subject.client_id, subject=subject).delete()
