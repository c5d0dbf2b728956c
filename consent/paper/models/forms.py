"""Consent forms: their purposes and their pages."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.notices.models.notices import NoticeVersion
from consent.register.models.purposes import Purpose
from consent.register.models.rows import CodesField, catalogue_owner
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.own_schools import own_schools
from paktaleem.foundation.tenancy.table_policy import APPEND, Limited, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date

_KINDS = [(kind.value, kind.value) for kind in ByKind]


class Addressee(models.TextChoices):
    """The person who answers a form."""

    PERSON = "person", _("Each person for themselves")
    GUARDIAN = "guardian", _("The parent or guardian of each child")


class FormRun(models.Model):
    """One consent form for a group: its purposes, people, time and author. It is never changed.

    On a form for guardians, ``people`` are the children.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        limited=Limited.BY_SCHOOLS,
        personal={"name": Personal.NONE, "actor_role": Personal.NONE, "school_ids": Personal.NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    name = models.CharField(
        "group", max_length=100, help_text="The class or group, such as “Grade 7 B”. Do not name people."
    )
    people = models.PositiveIntegerField("people", editable=False)
    addressee = models.CharField("who answers", max_length=16, choices=Addressee, default=Addressee.PERSON)
    actor_kind = models.CharField(max_length=16, choices=_KINDS, editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)
    made_at = models.DateTimeField("made", editable=False)
    school_ids = own_schools(made_by="made it")

    class Meta:
        verbose_name = "consent form"
        ordering = ["-made_at", "-id"]
        indexes = [
            *newest_first("made_at", "formrun_by_time"),
            GinIndex(fields=["school_ids"], name="formrun_by_school"),
        ]

    def __str__(self) -> str:
        """Return the group and the day."""
        return f"{self.name} ({format_date(self.made_at)})"

    @property
    def for_guardians(self) -> bool:
        """Return True if guardians answer the form."""
        return self.addressee == Addressee.GUARDIAN


class FormPurpose(models.Model):
    """One purpose of a form, with the notice version printed on it."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    run = models.ForeignKey(FormRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_owner = catalogue_owner()
    notice_version = models.ForeignKey(
        NoticeVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    notice_version_owner = catalogue_owner()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["client", "run", "purpose"], name="formpurpose_once_per_form"),
        ]

    def __str__(self) -> str:
        """Return the position."""
        return f"question {self.position}"


class FormPage(models.Model):
    """One person's page of a form, with its code and the purposes based on consent for the person's role.

    On a form for guardians the page is about the child. ``notice_hash`` is then the hash of the notice about the
    service, and ``asks_sharing`` says whether the page asks about outside recipients.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="evidence",
        personal={"code": Personal.PSEUDONYM, "purposes": Personal.NONE, "notice_hash": Personal.NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    run = models.ForeignKey(FormRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    code = models.CharField(max_length=8)
    purposes = CodesField()
    notice_hash = models.CharField(max_length=64, blank=True)
    asks_sharing = models.BooleanField(default=False)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["client", "code"], name="formpage_code_unique"),
            models.UniqueConstraint(fields=["client", "run", "subject"], name="formpage_once_per_person"),
        ]

    def __str__(self) -> str:
        """Return the code."""
        return self.code
