"""Ends of school years: what was chosen, what the preview found, and how far the worker is."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import School, SchoolClass, Term
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import EDIT, Personal, Scope, TablePolicy


class LeaversBy(models.TextChoices):
    """How the pupils who leave are chosen."""

    WITHOUT_CLASS = "without_class", _("Pupils of the year who have no class afterwards")
    CHOSEN = "chosen", _("Of these, only the pupils of the school, class, grade or role below")
    PEOPLE = "people", _("The pupils with the LMS ids below, even if they have a class afterwards")
    NONE = "none", _("No one leaves")


class Stage(models.TextChoices):
    """Stage of the end of a year."""

    COUNTING = "counting", _("The numbers are being counted")
    READY = "ready", _("Nothing is changed yet: confirm or cancel")
    RUNNING = "running", _("Being carried out")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


_ENDED = [Stage.DONE.value, Stage.CANCELLED.value]


class YearEndQuerySet(models.QuerySet["YearEnd"]):
    """Filters of ends of years."""

    def open(self) -> Self:
        """Return those that are neither done nor cancelled."""
        return self.exclude(stage__in=_ENDED)

    def working(self) -> Self:
        """Return those that the worker continues."""
        return self.filter(stage__in=[Stage.COUNTING, Stage.RUNNING])


class YearEnd(models.Model):
    """One end of a school year or term of a client, or of one of its schools.

    ``ends_on`` is the first day after the year, as the term stated it when the act was prepared: classes and their
    enrolments end on it, and only consents given before it are asked for again or let go. ``chosen`` are the filled
    conditions of a ``Selection``, without its ids. ``renewed`` and ``let_go`` are codes of purposes. ``plan`` are the
    numbers of the preview, ``result`` what was done so far (``services``). ``cursor`` is the last person whom the
    worker has finished.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(
            ("leavers_by", "chosen", "renewed", "let_go", "stage", "plan", "result"),
            Personal.NONE,
        ),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False)
    ends_on = models.DateField("first day after it")
    leavers_by = models.CharField("who leaves", max_length=16, choices=LeaversBy)
    chosen = models.JSONField("pupils chosen", default=dict)
    renewed = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    let_go = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.COUNTING)
    plan = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    cursor = models.UUIDField(null=True)
    prepared_by = models.UUIDField()
    prepared_at = models.DateTimeField("prepared")
    confirmed_by = models.UUIDField(null=True)
    confirmed_at = models.DateTimeField("confirmed", null=True)
    ended_at = models.DateTimeField("finished", null=True)

    objects: ClassVar[Any] = YearEndQuerySet.as_manager()

    class Meta:
        verbose_name = "end of a school year"
        verbose_name_plural = "ends of school years"
        ordering = ["-prepared_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=~Q(stage__in=_ENDED), name="yearend_one_open"),
            models.CheckConstraint(
                condition=~Q(stage__in=[Stage.RUNNING, Stage.DONE])
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="yearend_confirmed_first",
            ),
        ]
        indexes = newest_first("prepared_at", "yearend_by_time")

    def __str__(self) -> str:
        """Return a short number: Y and the last eight digits of the id."""
        return f"Y{self.id.hex[-8:].upper()}"


class YearEndClass(models.Model):
    """One class of the year that ends, until the act has ended; ``closed_at`` is None while it is in use."""

    wall = TablePolicy(Scope.TENANT, EDIT | {"DELETE"})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    year_end = models.ForeignKey(YearEnd, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    school_class = models.ForeignKey(SchoolClass, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "year_end", "school_class"], name="yearendclass_once")]

    def __str__(self) -> str:
        """Return the class's id."""
        return str(self.school_class_id)


class YearEndPerson(models.Model):
    """One pupil of the year that ends, until the act has ended."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT | {"DELETE"},
        left_out_of_copies="a list for the worker, deleted when the act has ended; account and enrolments are copied",
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    year_end = models.ForeignKey(YearEnd, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    is_leaver = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "year_end", "subject"], name="yearendperson_once")]
        indexes = [
            models.Index(
                fields=["client", "year_end", "subject"], condition=Q(is_leaver=True), name="yearendperson_leavers"
            ),
        ]

    def __str__(self) -> str:
        """Return the person's id."""
        return str(self.subject_id)
