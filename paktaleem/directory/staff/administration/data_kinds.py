"""The kinds of data of people and of the evidence about them."""

from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

PERSON, EVIDENCE = "person", "evidence"
LEAVERS = "leavers"
"""The code of the kind for records of people who left; ``rights.erasures`` declares the kind."""
PURGE_EVIDENCE = "subjects.unlink_evidence"
UNLINKED_BYTES = 16
"""Length of the random value that replaces a tombstone, a keyed hash of 32 bytes."""


def list_kinds() -> tuple[DataKind, ...]:
    """List the data of people, and pseudonymous evidence."""
    return (
        DataKind(
            code=PERSON,
            name=_("A person’s data in this portal, with its history and files"),
            counted_from=_("The erasure of the person: by their request, or by the retention schedule"),
            disposal=Disposal.KEY,
            task="subjects.complete_erasures",
            is_counted=False,
        ),
        DataKind(
            code=EVIDENCE,
            name=_("Pseudonymous evidence: ledger, consents, access records, certificates"),
            counted_from=_("The erasure of the person"),
            disposal=Disposal.UNLINKED,
            task=PURGE_EVIDENCE,
            bounds=Bounds(3650, 1825, 7300),
            due=list_linked_evidence,
        ),
    )


def list_linked_evidence(at: datetime) -> QuerySet[Subject]:
    """List erased people whose evidence is due to lose its last link to them, in the current context."""
    found: QuerySet[Subject] = Subject.objects.annotate(mark=Length("tombstone")).filter(
        erased_at__lte=get_cutoff(EVIDENCE, at=at), mark__gt=UNLINKED_BYTES
    )
    return found
