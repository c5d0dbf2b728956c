"""Who comes of age, and when: by the threshold of their client, as the decision goes by it."""

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

__all__ = ["KNOWN_FOR", "coming_of_age", "ripe", "unnoticed"]

KNOWN_FOR = timedelta(days=180)
"""A notice holds for a birthday within these days; a birth date corrected by more is told of anew."""


def ripe() -> Q:
    """Narrow to people whose ``of_age_at`` was computed for the threshold that is theirs now (``Thresholds.of``).

    The one place of this room that knows of thresholds; it serves every client at once, as the calendar does.
    """
    lives_in = Coalesce(NullIf("country", Value("")), "client__country")
    own = Func("client__country_thresholds", lives_in, function="jsonb_extract_path_text", output_field=CharField())
    threshold = Coalesce(Cast(own, IntegerField()), "client__age_threshold", output_field=IntegerField())
    return Q(of_age_threshold=None) | Q(of_age_threshold=threshold)


def coming_of_age(actor: Actor, *, at: datetime, until: datetime | None = None) -> QuerySet[Any]:
    """List who is a child at a moment and comes of age, soonest first, with when notice was last given.

    Along one index, however many there are: whose moment is being computed anew for another threshold is among them,
    and shown as such (``Subject.of_age_for``).
    """
    require(actor, Capability.VIEW_GUARDIANS)
    told = AgeNotice.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"))
    found: QuerySet[Any] = ComingOfAge.objects.filter(of_age_at__gt=at)
    if until is not None:
        found = found.filter(of_age_at__lte=until)
    latest = told.order_by("-given_at").values("given_at")[:1]
    soonest: QuerySet[Any] = found.annotate(told_at=Subquery(latest)).order_by("of_age_at", "id")
    return soonest


def unnoticed(found: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow to those of whose coming of age, by the threshold that is theirs now, nobody was told yet."""
    from_then = ExpressionWrapper(OuterRef("of_age_at") - KNOWN_FOR, output_field=DateTimeField())
    told = AgeNotice.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"), given_at__gt=from_then)
    return found.filter(ripe()).exclude(Exists(told))
