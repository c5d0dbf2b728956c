"""The erasures that a person, or a guardian of a child, sees and can cancel on their page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from children.guardians.models.guardians import Guardianship
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.web.public.pages import page_url
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.selectors import is_entitled
from rights.requests.models import RightsRequest


def list_own_erasures(person: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the erasures that a person may cancel: their own, and those of children whose guardian they are."""
    wards = Guardianship.objects.live(at).filter(client_id=person.client_id, guardian=person)
    about = [person.pk, *wards.values_list("child_id", flat=True)]
    return _list_notices(person, about, page_url("requests-erasure"), at)


def list_erasures_of_ward(guardian: Subject, child: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the erasures of a child that a guardian may cancel, for the guardian's page about the child's data."""
    return _list_notices(guardian, [child.pk], page_url("guardian-erasure", child.pk), at)


def _list_notices(person: Subject, about: Sequence[UUID], url: str, at: datetime) -> list[dict[str, Any]]:
    found = ErasureProposal.objects.before_start().filter(client_id=person.client_id, subject_id__in=about)
    return [
        {"template": "rights/own_erasure.html", "row": row, "is_child": row.subject_id != person.pk, "url": url}
        for row in found.select_related("subject", "request").order_by("requested_at")
        if is_entitled(person.pk, row, at=at)
    ]


def show_number(request: RightsRequest) -> dict[str, Any] | None:
    """Return the number of the erasure that carries out a request, by which its certificate is asked for, or None.

    A proposal that was declined, sent back or cancelled has no certificate.
    """
    own = ErasureProposal.objects.filter(client_id=request.client_id, request=request)
    row = own.order_by("-requested_at", "-pk").first()
    is_going_on = row is not None and (row.ended_at is None or row.stage == Stage.CERTIFIED)
    return None if not is_going_on else {"template": "rights/own_erasure_number.html", "row": row}
