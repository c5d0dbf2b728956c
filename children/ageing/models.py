"""Who comes of age, as a list of its own, and that notice of it was given."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext

from children.guardians.models.rows import Said
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import TrackedQuerySet
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.wall import APPEND, Personal, Scope, Wall

__all__ = ["AgeNotice", "ComingOfAge"]

_SINCE_EVER = datetime(1970, 1, 2, tzinfo=UTC)


class AgeNotice(Said):
    """One notice in advance that somebody comes of age: evidence. Its letters name it as what they are about.

    The day itself is not repeated here: it would tell the birthday of somebody who is erased.
    """

    wall = Wall(Scope.TENANT, APPEND, personal={"actor_role": Personal.NONE})

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    given_at = models.DateTimeField("told")
    guardians = models.PositiveSmallIntegerField(help_text="How many guardians were written to.")
    person = models.BooleanField(help_text="Whether the young person was.")

    class Meta:
        verbose_name = "notice of coming of age"
        verbose_name_plural = "notices of coming of age"
        ordering = ["-given_at", "-id"]
        indexes = [
            models.Index(fields=["client", "subject", "given_at"], name="agenotice_of_person"),
            *newest_first("given_at", "agenotice_by_time"),
        ]

    def __str__(self) -> str:
        """Say when."""
        return gettext("told {day}").format(day=f"{self.given_at:%Y-%m-%d}")


class DatedManager(models.Manager["ComingOfAge"]):
    """People of whom a day is known on which they come, or came, of age: of adults it is only known that they have."""

    def get_queryset(self) -> TrackedQuerySet["ComingOfAge"]:
        """Leave out adults, those of unknown age, and the erased."""
        return TrackedQuerySet(self.model, using=self._db).filter(of_age_at__gt=_SINCE_EVER)


class ComingOfAge(Subject):
    """One child, by the moment at which it comes of age."""

    objects: ClassVar[Any] = DatedManager()

    class Meta:
        proxy = True
        verbose_name = "child who comes of age"
        verbose_name_plural = "calendar of coming of age"
