"""What sign-in counts and remembers for a while, shared by every process and node."""

from django.db import models

from paktaleem.foundation.tenancy.wall import Personal, Scope, Wall

__all__ = ["Counter"]


class Counter(models.Model):
    """One short-lived value: attempts made, a code that was used. Committed at once, unlike the request around it."""

    wall = Wall(
        Scope.GLOBAL,
        frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
        reason="counts attempts before anyone is known; the keys are hashes",
        officer=False,
        personal={"key": Personal.PSEUDONYM, "value": Personal.NONE},
    )

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        """Show nothing but that it is one."""
        return "counter"
