"""Widened purposes: times from which a purpose covers more than people consented to before."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import Purpose
from consent.register.models.rows import CodesField, catalogue_owner
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy


class WideningKind(models.TextChoices):
    """The ways in which a purpose is widened."""

    CATEGORIES = "categories", _("More data categories")
    WORDS = "words", _("Other words for the purpose")
    PERIOD = "period", _("Data is kept longer")


class PurposeWidening(models.Model):
    """One widening of a purpose: consents of people informed at or before ``widened_at`` are outdated. Append-only.

    ``client`` is the client at which it applies; PakTaleem's apply at every client. ``added`` are the codes of the
    categories that were added or are kept longer, or the columns that changed. ``xact`` is the transaction that widened
    the purpose: the database accepts new categories or words of a purpose only in a transaction that records them here.
    """

    wall = TablePolicy(Scope.CATALOGUE, APPEND, personal={"added": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_owner = catalogue_owner()
    kind = models.CharField(max_length=16, choices=WideningKind)
    added = CodesField()
    widened_at = models.DateTimeField()
    xact = models.BigIntegerField()

    class Meta:
        ordering = ["widened_at", "id"]
        indexes = [models.Index(fields=["client", "purpose"], name="widening_of_purpose")]

    def __str__(self) -> str:
        """Return the kind."""
        return str(self.get_kind_display())
