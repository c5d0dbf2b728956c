"""Selectors of children who reach the age of consent, by the same thresholds as the decision (policy §8)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, QuerySet, Subquery

from children.ageing.models import AgeNotice, ComingOfAge
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability

NOTICE_VALID_FOR = timedelta(days=180)
"""A notice remains valid if the date moves by less than this; after a larger correction a new one is sent."""


def coming_of_age(actor: Actor, *, at: datetime, until: datetime | None = None) -> QuerySet[Any]:
    """List the people who are children at ``at``, soonest to reach the age of consent first, up to ``until``.

    Each row has ``told_at``, the time of the latest notice. Served by one index. Includes people whose date is being
    recalculated for another threshold (``Subject.of_age_for``). Raises NotAllowed.
    """
    require(actor, Capability.VIEW_CHILD_RECORDS)
    notices = AgeNotice.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"))
    found: QuerySet[Any] = ComingOfAge.objects.filter(of_age_at__gt=at)
    if until is not None:
        found = found.filter(of_age_at__lte=until)
    latest = notices.order_by("-given_at").values("given_at")[:1]
    soonest: QuerySet[Any] = found.annotate(told_at=Subquery(latest)).order_by("of_age_at", "id")
    return soonest


def without_notice(found: QuerySet[Any], client: Client) -> QuerySet[Any]:
    """Filter the people of a client whose date, for their current threshold, has not been notified yet."""
    from_then = ExpressionWrapper(OuterRef("of_age_at") - NOTICE_VALID_FOR, output_field=DateTimeField())
    sent = AgeNotice.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"), given_at__gt=from_then)
    return found.filter(age_is_known(client), client=client).exclude(Exists(sent))
