"""Models of business transfers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE


class TransferKind(models.TextChoices):
    """The kinds of business transfer of the policy (§6)."""

    MERGER = "merger", _("Merger")
    ACQUISITION = "acquisition", _("Acquisition")
    ASSET_SALE = "asset_sale", _("Sale of assets")


class BusinessTransfer(RequestedChange):
    """One business transfer of PakTaleem: once a second officer approves it, every client is notified (policy §6).

    ``announced_as`` is the id of the notice version that announces it; its announcements to clients hold the proof of
    each client's notice, and the client's response.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(("other_party", "text_en", "text_ur", "kind", "requested_kind"), _NONE),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=TransferKind)
    other_party = models.CharField("other party", max_length=200, help_text="The company that receives the business.")
    text_en = models.TextField(
        "text (English)", max_length=5000, help_text="What is transferred, and what changes for clients and people."
    )
    text_ur = models.TextField("text (Urdu)", max_length=5000)
    takes_place_on = models.DateField("takes place on", help_text="Every client is notified 30 days before it.")
    announced_as = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = "business transfer"
        verbose_name_plural = "business transfers"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(client_id=PAKTALEEM), name="businesstransfer_of_paktaleem"),
            models.CheckConstraint(
                condition=Q(state=ChangeState.APPROVED, announced_as__isnull=False)
                | ~Q(state=ChangeState.APPROVED) & Q(announced_as=None),
                name="businesstransfer_approved_is_announced",
            ),
            *second_person_constraints("businesstransfer"),
        ]
        indexes = [*newest_first("requested_at", "businesstransfer_by_time")]

    def __str__(self) -> str:
        """Return the kind and the other party."""
        return f"{self.get_kind_display()}: {self.other_party}"
