"""Content of the weekly digest: accesses by PakTaleem's staff, and what is coming."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.notices.models import NoticeVersion
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.schools.models import Term
from paktaleem.directory.staff.access_reviews.models import AccessReview
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.digests.models import DigestChoice
from paktaleem.office.digests.weeks import LOOK_AHEAD, Week
from rights.requests.models import RightsRequest


class LookCount(NamedTuple):
    """Accesses of one role of PakTaleem's staff for one reason (code): how many, and to how many people's data."""

    role: str
    reason: str
    accesses: int
    people: int


class ComingDay(NamedTuple):
    """Something that happens on a day, in words, and the list of the console that shows more."""

    day: date
    what: str
    page: str


def list_looks(actor: Actor, client_id: UUID, week: Week) -> QuerySet[AccessRecord]:
    """List the accesses of PakTaleem's staff to a client's data in a week, the latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_ACCESS_LOG, client_id)
    found = _looks(client_id, week).select_related("subject")
    return found.order_by("-looked_at", "-id")


def count_looks(client_id: UUID, week: Week) -> list[LookCount]:
    """Count the accesses of PakTaleem's staff to a client's data in a week, by role and reason; one query."""
    counts = {"accesses": Count("pk"), "people": Count("subject_id", distinct=True)}
    rows = _looks(client_id, week).order_by().values_list("actor_role", "reason").annotate(**counts)
    return [LookCount(*row) for row in rows.order_by("actor_role", "reason")]


def _looks(client_id: UUID, week: Week) -> QuerySet[AccessRecord]:
    own = AccessRecord.objects.filter(client_id=client_id, looked_at__gte=week.starts_at, looked_at__lt=week.ends_at)
    return own.filter(actor_kind=ByKind.USER.value, actor_role__in=sorted(OFFICER_ROLES))


def is_stopped(client_id: UUID, user_id: UUID) -> bool:
    """Return True if a member of staff does not want a client's weekly email."""
    return DigestChoice.objects.filter(client_id=client_id, user_id=user_id, is_stopped=True).exists()


def list_coming(client: Client, *, at: datetime) -> list[ComingDay]:
    """List what is coming for a client in the next eight weeks, the earliest first, in the client's context."""
    zone, until = ZoneInfo(client.time_zone), at + LOOK_AHEAD
    found = [
        *_agreements(client, zone, at, until),
        *_notices(client, zone, at, until),
        *_reviews(client),
        *_terms(client, at.astimezone(zone).date(), until.astimezone(zone).date()),
        *_requests(client, zone, until),
    ]
    return sorted(found)


def _agreements(client: Client, zone: ZoneInfo, at: datetime, until: datetime) -> Sequence[ComingDay]:
    rows = ServiceAgreement.objects.filter(client=client, starts_at__lte=at, ends_at__gt=at, ends_at__lte=until)
    words = _("The agreement {reference} ends")
    page = "consent_serviceagreement"
    return [
        ComingDay(row.ends_at.astimezone(zone).date(), words.format(reference=row.reference), page)
        for row in rows
        if row.ends_at is not None
    ]


def _notices(client: Client, zone: ZoneInfo, at: datetime, until: datetime) -> Sequence[ComingDay]:
    rows = NoticeVersion.objects.filter(client_id__in=[client.pk, PAKTALEEM], effective_at__gt=at)
    words = _("The notice “{title}” takes effect")
    return [
        ComingDay(row.effective_at.astimezone(zone).date(), words.format(title=row.notice), "consent_noticeversion")
        for row in rows.filter(effective_at__lte=until).select_related("notice")
    ]


def _reviews(client: Client) -> Sequence[ComingDay]:
    rows = AccessReview.objects.filter(client=client, closed_at=None)
    words = _("Memberships that are not confirmed are locked")
    return [ComingDay(row.locks_on, words, "access_reviews_accessreview") for row in rows]


def _terms(client: Client, today: date, until: date) -> Sequence[ComingDay]:
    rows = Term.objects.filter(client=client, ended_at=None, kind="school_year", ends_on__gt=today, ends_on__lte=until)
    words = _("The school year “{title}” ends")
    return [ComingDay(row.ends_on, words.format(title=row.title), "schools_term") for row in rows if row.ends_on]


def _requests(client: Client, zone: ZoneInfo, until: datetime) -> Sequence[ComingDay]:
    due = RightsRequest.objects.open().filter(client_id=client.pk, due_at__lte=until).order_by("due_at")
    days = list(due.values_list("due_at", flat=True))
    if not days:
        return []
    words = ngettext("{count} rights request is due", "{count} rights requests are due, the first one", len(days))
    return [ComingDay(days[0].astimezone(zone).date(), words.format(count=len(days)), "rights_rightsrequest")]
