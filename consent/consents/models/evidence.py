"""Evidence of answers collected outside the portal: a signed form, a note of a call."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from consent.consents.models.consents import ConsentEvent
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy


class ConsentEvidence(models.Model):
    """One piece of evidence for one answer: a sealed reference to its location, or a sealed file."""

    wall = TablePolicy(
        Scope.TENANT, APPEND, disposed_as="person", personal={"reference": Personal.SEALED, "actor_role": Personal.NONE}
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    event = models.ForeignKey(ConsentEvent, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    reference = SealedField()
    file = models.ForeignKey(
        SealedFile, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = "evidence of consent"
        verbose_name_plural = "evidence of consent"
        ordering = ["-added_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reference=None, file__isnull=False) | Q(reference__isnull=False, file=None),
                name="consentevidence_reference_or_file",
            ),
        ]
        indexes = [*newest_first("added_at", "consentevidence_by_time")]

    def __str__(self) -> str:
        """Return the kind."""
        return gettext("Reference") if self.file_id is None else gettext("File")
