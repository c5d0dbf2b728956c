"""Selectors of children who reach the age of consent, by the same thresholds as the decision (policy §8)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from children.ageing.models import AgeNotice, ComingOfAge
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

NOTICE_VALID_FOR = timedelta(days=180)
"""A notice remains valid if the date moves by less than this; after a larger correction a new one is sent."""


def threshold_is_current() -> Q:
    """Return a condition for people whose ``of_age_at`` was computed for their current threshold (``Thresholds.of``).

    It works across clients, as the calendar does.
    """
    lives_in = Coalesce(NullIf("country", Value("")), "client__country")
    own = Func("client__country_thresholds", lives_in, function="jsonb_extract_path_text", output_field=CharField())
    threshold = Coalesce(Cast(own, IntegerField()), "client__age_threshold", output_field=IntegerField())
    return Q(of_age_threshold=None) | Q(of_age_threshold=threshold)


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


def without_notice(found: QuerySet[Any]) -> QuerySet[Any]:
    """Filter the people whose date, for their current threshold, has not been notified yet."""
    from_then = ExpressionWrapper(OuterRef("of_age_at") - NOTICE_VALID_FOR, output_field=DateTimeField())
    sent = AgeNotice.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"), given_at__gt=from_then)
    return found.filter(threshold_is_current()).exclude(Exists(sent))
