"""Models of children who reach the age of consent, and of the notices sent in advance."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.models import AuthoredRow
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, newest_first
from paktaleem.foundation.tenancy.tables import APPEND, TablePolicy
from paktaleem.foundation.text.times import format_date

_ADULT_SENTINEL = datetime(1970, 1, 2, tzinfo=UTC)


class AgeNotice(AuthoredRow):
    """Evidence of a notice in advance; without the date, which would reveal the birthday of someone erased later."""

    wall = TablePolicy(APPEND)
    copied = Copied(
        "age_notices",
        _("Notices before the age of consent"),
        "sent_at=given_at guardians person",
        titles={"guardians": _("Guardians notified"), "person": _("Young person notified")},
    )

    subject = RowKey(Subject)
    given_at = models.DateTimeField("sent")
    guardians = models.PositiveSmallIntegerField(help_text="How many guardians were notified.")
    person = models.BooleanField(help_text="Whether the young person was notified.")

    class Meta:
        verbose_name = "notice of the age of consent"
        verbose_name_plural = "notices of the age of consent"
        ordering = ["-given_at", "-id"]
        indexes = [
            models.Index(fields=["client", "subject", "given_at"], name="agenotice_of_person"),
            *newest_first("given_at", "agenotice_by_time"),
        ]

    def __str__(self) -> str:
        return gettext("sent {day}").format(day=format_date(self.given_at))


class DatedManager(models.Manager["ComingOfAge"]):
    """Manager of people with a known date of reaching the age of consent; adults have only a sentinel date."""

    def get_queryset(self) -> TrackedQuerySet["ComingOfAge"]:
        return TrackedQuerySet(self.model, using=self._db).filter(of_age_at__gt=_ADULT_SENTINEL)


class ComingOfAge(Subject):
    """A person as an entry in the calendar, by the time at which they reach the age of consent."""

    objects: ClassVar[Any] = DatedManager()

    class Meta:
        proxy = True
        verbose_name = "child who reaches the age of consent"
        verbose_name_plural = "calendar of the age of consent"
