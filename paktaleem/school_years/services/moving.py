"""A pupil who moves to another client: the account here closes, and nothing goes along by itself."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.events import record_subject_event
from paktaleem.directory.schools.services.ending import end_enrolments_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason


@transaction.atomic
def leave_client(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Close the account of a pupil who leaves for another client, and end their enrolments (decision 0100).

    Periods of retention that count from the closing begin. Nothing is sent to or read from the other client: what goes
    along is a copy that the person, a guardian or the controller requests (portability). Raises ClassesElsewhere,
    AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    end_enrolments_of(subject, actor=actor, at=at)
    kind = SubjectEventKind.ACCOUNT_CLOSED.value
    record_subject_event(subject, kind=kind, happened_at=at, actor=actor, reason=Reason(reason), at=at)
