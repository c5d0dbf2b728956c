"""The approved erasures that a person sees, and can cancel, on their own page."""

from datetime import datetime
from typing import Any

from children.guardians.models import Guardianship
from paktaleem.directory.people.models import Subject
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import is_entitled
from rights.requests.models import RightsRequest

__all__ = ["list_own_erasures", "show_number"]


def list_own_erasures(person: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the erasures of a person, and of children whose guardian they are, that have not started.

    Connected to ``rights.own_page_notices``.
    """
    wards = Guardianship.objects.live(at).filter(client_id=person.client_id, guardian=person)
    about = {person.pk, *wards.values_list("child_id", flat=True)}
    found = ErasureProposal.objects.before_start().filter(client_id=person.client_id, subject_id__in=about)
    return [
        {"template": "rights/own_erasure.html", "row": row, "is_child": row.subject_id != person.pk}
        for row in found.select_related("subject").order_by("requested_at")
        if is_entitled(person.pk, row.subject, at=at)
    ]


def show_number(request: RightsRequest, at: datetime) -> dict[str, Any] | None:
    """Return the number of the erasure that carries out a request, by which its certificate is asked for, or None.

    Connected to ``rights.own_page_extras``.
    """
    del at
    own = ErasureProposal.objects.filter(client_id=request.client_id, request=request)
    row = own.order_by("-requested_at", "-pk").first()
    return None if row is None else {"template": "rights/own_erasure_number.html", "row": row}
