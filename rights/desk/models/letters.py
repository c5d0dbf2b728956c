"""Letters of staff to the person of a rights request."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy
from rights.requests.letters import OCCASIONS
from rights.requests.models.requests import RightsRequest


class Way(models.TextChoices):
    """How a letter reaches the person."""

    MAIL = "mail", _("Email to the contact on file")
    BY_HAND = "by_hand", _("Printed and handed over")


class RequestLetter(models.Model):
    """One letter about a request, in the words that were sent or handed over, sealed under the key of the request.

    ``message_id`` is the id of the email; None for a letter that was handed over.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="request_texts",
        personal={"language": Personal.NONE, "text": Personal.SEALED, "actor_role": Personal.NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    occasion = models.CharField(max_length=16, choices=OCCASIONS)
    language = models.CharField(max_length=8)
    way = models.CharField(max_length=16, choices=Way)
    text = SealedField()
    message_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way=Way.MAIL, message_id__isnull=False) | models.Q(way=Way.BY_HAND, message_id=None),
                name="rightsletter_has_its_message",
            )
        ]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsletter_of_request")]

    def __str__(self) -> str:
        """Return the occasion."""
        return str(self.get_occasion_display())
