"""The ledger's only model."""

from django.db import models

from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.tenancy.models import newest_first
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import APPEND, Limited, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class Entry(ActorStamp):
    """An act recorded as evidence: actor, person, time and facts in canonical JSON, with no personal data in clear.

    ``body`` is the exact RFC 8785 text of which ``compute_leaf_hash`` is the hash. Personal values appear in it only as
    salted commitments; their salts are in ``openings``, encrypted under the person's key.
    """

    wall = TablePolicy(
        APPEND,
        disposed_as="evidence",
        personal=classify(none="kind family leaf_hash", pseudonym="body", sealed="openings"),
        limited=Limited.JOURNAL,
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client_id = models.UUIDField(db_index=False)
    kind = models.CharField(max_length=64)
    family = models.GeneratedField(
        expression=models.Func("kind", models.Value("."), models.Value(1), function="split_part"),
        output_field=models.CharField(max_length=64),
        db_persist=True,
    )
    subject_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    body = models.TextField()
    leaf_hash = models.BinaryField(max_length=32)
    openings = models.BinaryField(null=True)

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        ordering = ["-recorded_at", "-id"]
        indexes = [
            models.Index(fields=["client_id", "subject_id", "recorded_at"], name="audit_entry_of_subject"),
            *newest_first("recorded_at", "audit_entry_by_time", client="client_id"),
            *newest_first("recorded_at", "audit_entry_by_family", by="family", client="client_id"),
            *newest_first("recorded_at", "audit_entry_by_actor", by="actor_kind", client="client_id"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {format_time(self.recorded_at)}"
