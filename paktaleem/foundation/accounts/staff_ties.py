"""Ties between members of staff: two people of whom one made the other cannot approve together for 72 hours.

A tie also lasts for as long as the maker's reset is open: sent and neither used nor expired (decision 0054).
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify

TIE_LIFE = timedelta(hours=72)
"""How long two people cannot approve together after one made, re-enabled or recovered the other."""
UNTIL_USED = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a reset that does not expire by itself."""


class TieKind(models.TextChoices):
    ROLE = "role", _("Gave a role")
    ENABLED = "enabled", _("Re-enabled the account")
    LINK = "link", _("Sent a link to set a password")
    FACTOR = "factor", _("Reset the second factor")


class StaffTie(models.Model):
    """One act by which one member of staff made, re-enabled or recovered another.

    ``open_until`` is the expiry of the maker's reset, until the user has set a password or a factor. The period of 72
    hours starts at ``began_at``: the act, or the use of the reset.
    """

    wall = TablePolicy(
        EDIT,
        Scope.GLOBAL,
        reason="approvals of every client compare two people, who may work for several",
        personal=classify(none="kind"),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    maker = models.UUIDField()
    kind = models.CharField(max_length=16, choices=TieKind)
    began_at = models.DateTimeField()
    open_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "tie of staff"
        verbose_name_plural = "ties of staff"
        indexes = [models.Index(fields=["user", "maker"], name="stafftie_by_people")]
        constraints = [
            models.CheckConstraint(condition=~Q(user=models.F("maker")), name="stafftie_of_two_people"),
            models.CheckConstraint(
                condition=Q(kind__in=[TieKind.LINK, TieKind.FACTOR]) | Q(open_until=None),
                name="stafftie_open_resets_only",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


def find_tied(one: UUID, others: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Return those of ``others`` with whom a member of staff cannot approve together at ``at`` (system clock)."""
    ties = StaffTie.objects.filter(Q(user_id=one, maker__in=others) | Q(user_id__in=others, maker=one))
    pairs = ties.filter(Q(began_at__gt=at - TIE_LIFE) | Q(open_until__gt=at)).values_list("user_id", "maker")
    return {key for pair in pairs for key in pair} - {one}


def has_issued_key(person: UUID, key: UUID, *, at: datetime) -> bool:
    """Return True if a person issued or rotated this API key in the last 72 hours; in the key's client's context."""
    versions = apps.get_model("accounts", "HistoricalApiKey")._default_manager
    return bool(versions.filter(id=key, actor_id=person, history_date__gt=at - TIE_LIFE).exists())


def add_ties(
    user_id: UUID, kind: TieKind, *, makers: Iterable[UUID], at: datetime, open_until: datetime | None = None
) -> None:
    """Tie a member of staff to those who made, re-enabled or recovered them; not to themselves."""
    for maker in sorted({*makers} - {user_id}):
        StaffTie.objects.create(user_id=user_id, maker=maker, kind=kind, began_at=at, open_until=open_until)


def start_tie_periods(user_id: UUID, kind: TieKind, *, at: datetime) -> None:
    """Close the resets of this kind that were not used yet, because the user has done it now; the 72 hours start.

    An expired link counts too: the page for a forgotten password sent another one to the same address.
    """
    StaffTie.objects.filter(user_id=user_id, kind=kind, open_until__isnull=False).update(began_at=at, open_until=None)
