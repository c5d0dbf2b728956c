"""Model of stored idempotent responses."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.models import TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit

STORED_ANSWERS = DataKind(
    code="idempotency",
    name=_("Stored answers of the API to requests with an Idempotency-Key"),
    counted_from=_("The answer"),
    disposal=Disposal.ROWS,
    bounds=Bounds(24, 1, 168, Unit.HOURS),
)


class KeptAnswer(TenantRow):
    """A stored response to a POST with an Idempotency-Key, as long as the key is valid.

    ``slot`` is a keyed hash of credential, route and key; ``fingerprint`` is a keyed hash of the request. The body
    is encrypted under a secret of the client that is stored outside the database.
    """

    wall = TablePolicy(
        frozenset({"SELECT", "INSERT", "DELETE"}),
        officer=False,
        personal=classify(pseudonym="slot fingerprint", none="headers", sealed="body"),
        disposed_as="idempotency",
        disposed_from="stored_at",
        left_out_of_copies="repeats an answer of the API for a day; the data is in the tables that it was read from",
    )

    slot = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [unique_in_client("keptanswer_once_per_slot", "slot")]
        indexes = [models.Index(fields=["client", "stored_at"], name="keptanswer_by_age")]
