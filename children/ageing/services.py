"""Notices before children reach the age of consent, and the end of guardianships at full age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, QuerySet, Subquery
from django.urls import reverse

from children.ageing.models import AgeNotice, ComingOfAge
from children.guardians.models import Guardianship
from children.guardians.selectors import list_of_full_age
from children.guardians.services.guardians import end_at_full_age
from children.invitations.services.inviting import find_usable_channel
from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.mail.services import declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import actor_fields
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock

NOTICE_VALID_FOR = timedelta(days=180)
"""A notice remains valid if the date moves by less than this; after a larger correction a new one is sent."""


def coming_of_age(actor: Actor, *, at: datetime, until: datetime | None = None) -> QuerySet[Any]:
    """List people who are children at ``at``, soonest of age first, with ``told_at`` of the latest notice.

    Includes people whose date is being recalculated (``Subject.of_age_for``). Raises NotAllowed.
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


_AT_ONCE = 200
# Messages hold no names and no date of birth: they may be visible on a shared screen.
_FIELDS = ("url", "days")
TO_GUARDIAN = declare_message("of_age_guardian", fields=_FIELDS, is_texted=True)
TO_PERSON = declare_message("of_age_person", fields=_FIELDS, is_texted=True)
TO_STAFF = declare_message("of_age_staff", fields=("count", *_FIELDS))
FULL_AGE_GUARDIAN = declare_message("full_age_guardian", fields=("url",), is_texted=True)
FULL_AGE_PERSON = declare_message("full_age_person", fields=("url",), is_texted=True)


@dataclass(frozen=True, slots=True)
class _NoticeRound:
    client: Client
    actor: Actor
    at: datetime

    def write(
        self,
        kind: str,
        to: Subject | User,
        *,
        page: str,
        days: int = 0,
        channel: Channel | str = Channel.MAIL,
        related_id: UUID | None = None,
        **values: str,
    ) -> Letter:
        return send_message(
            kind,
            to=to,
            context={"url": build_public_url(page), **({"days": str(days)} if days else {}), **values},
            client_id=self.client.pk,
            channel=channel,
            related_id=related_id,
            actor=self.actor,
            at=self.at,
        )


@transaction.atomic
def send_age_notices(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Notify administrators, young people and guardians, once each, of age reached within AGE_NOTICE_DAYS.

    Returns how many people, up to 200. Raises NotAllowed.
    """
    advisory_lock(f"age-notices/{client_id}")
    until = at + timedelta(days=settings.AGE_NOTICE_DAYS)
    client = Client.objects.get(pk=client_id)
    due = without_notice(coming_of_age(actor, at=at, until=until).filter(erasure_started_at=None), client)
    if people := list(due[:_AT_ONCE]):
        notices = _NoticeRound(client, actor, at)
        page = reverse("admin:ageing_comingofage_changelist", current_app="console")
        values = {"page": page, "days": settings.AGE_NOTICE_DAYS, "count": f"{len(people):,}"}
        admins = list_staff(client_id, Role.CLIENT_ADMIN, at=at)
        staff = [str(notices.write(TO_STAFF.code, user, **values).pk) for user in admins]
        for person in people:
            _notify_about(notices, person, staff)
    return len(people)


@transaction.atomic
def end_guardianships_of_adults(
    client_id: UUID, *, after: UUID | None = None, actor: Actor, at: datetime
) -> tuple[UUID | None, int]:
    """End the guardianships of adults among the next 200, and notify both (policy §8).

    Returns the last id, None at the end, and how many ended. Raises NotAllowed.
    """
    advisory_lock(f"age-notices/{client_id}")
    live = Guardianship.objects.live(at).filter(client_id=client_id, child__of_age_at__lte=at, child__erased_at=None)
    rows = live.filter(pk__gt=after) if after else live
    batch = list(rows.select_related("child__client", "guardian__client").order_by("pk")[:_AT_ONCE])
    grown = list_of_full_age([row.child for row in batch], at=at)
    ended = [row for row in batch if row.child_id in grown]
    for row in ended:
        end_at_full_age(row, actor=actor, at=at)
        notices = _NoticeRound(row.child.client, actor, at)
        channel, _ = find_usable_channel(row.child, row.guardian, at=at)
        if channel is not None and row.guardian.is_recorded:
            page = reverse("guardian-start", args=[notices.client.code])
            notices.write(FULL_AGE_GUARDIAN.code, row.guardian, page=page, channel=channel, related_id=row.pk)
        _notify_person(notices, row.child, {"related_id": row.pk}, kind=FULL_AGE_PERSON.code)
    return (batch[-1].pk if len(batch) == _AT_ONCE else None), len(ended)


def _notify_about(notices: _NoticeRound, person: ComingOfAge, staff: Sequence[str]) -> None:
    child = lock_subject(person.pk, client_id=notices.client.pk)
    days = max(1, ((person.of_age_at or notices.at) - notices.at).days)
    notice = AgeNotice(client_id=child.client_id, subject=child, given_at=notices.at, **actor_fields(notices.actor))
    about: dict[str, object] = {"days": days, "related_id": notice.pk}
    guardians = [str(one.pk) for one in _notify_guardians(notices, child, about)]
    own = _notify_person(notices, child, about)
    notice.guardians, notice.person = len(guardians), own is not None
    notice.save(force_insert=True)
    person_id = str(own.pk) if own else None
    facts = {"notice": str(notice.pk), "staff": list(staff), "guardians": guardians, "person": person_id}
    context = {"client_id": notice.client_id, "subject_id": child.pk, "actor": notices.actor, "at": notices.at}
    record_entry("subject.age_notice", facts=facts, **context)


def _notify_guardians(notices: _NoticeRound, child: Subject, about: dict[str, Any]) -> list[Letter]:
    rows = Guardianship.objects.live(notices.at).filter(
        client_id=child.client_id, child=child, may_consent=True, court_order=False, guardian__erased_at=None
    )
    letters = []
    for row in rows.select_related("guardian__client").order_by("guardian_id"):
        channel, _ = find_usable_channel(child, row.guardian, at=notices.at)
        if channel is not None:
            page = reverse("guardian-start", args=[notices.client.code])
            letters.append(notices.write(TO_GUARDIAN.code, row.guardian, page=page, channel=channel, **about))
    return letters


def _notify_person(
    notices: _NoticeRound, child: Subject, about: dict[str, Any], *, kind: str = TO_PERSON.code
) -> Letter | None:
    if child.email is None and child.phone is None:
        return None
    channel = Channel.MAIL if child.email is not None else Channel.TEXT
    page = reverse("choices-start", args=[notices.client.code])
    return notices.write(kind, child, page=page, channel=channel, **about)
