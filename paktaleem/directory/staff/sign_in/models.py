"""Model of the sign-in counters, shared by all processes and nodes."""

from django.db import models

from paktaleem.foundation.tenancy.tables import Scope, TablePolicy, classify


class Counter(models.Model):
    """A short-lived value of the cache: attempts, a used code. Committed independently of the request."""

    wall = TablePolicy(
        frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
        Scope.GLOBAL,
        reason="counts attempts before the user is known; the keys are hashes",
        officer=False,
        disposed_as="failed_sign_ins",
        personal=classify(pseudonym="key", none="value"),
    )

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return "counter"
