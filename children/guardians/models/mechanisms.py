"""How a client says that it verifies ages and obtains guardians' consent, and checks that providers carry out."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship, VerificationMethod
from children.guardians.models.rows import ChildRow
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.wall import EDIT, Personal, Scope, Wall

__all__ = ["CheckState", "ChildMechanism", "MechanismKind", "ProviderCheck"]


class MechanismKind(models.TextChoices):
    """What a client declares."""

    AGE = "age", _("Age verification")
    CONSENT = "consent", _("Guardians' consent")


class ChildMechanism(ChildRow):
    """One declaration of a client (policy §8): how it verifies ages or obtains guardians' consent, and since when."""

    wall = Wall(
        Scope.TENANT,
        EDIT,
        personal={
            "description": Personal.NONE,
            "description_ur": Personal.NONE,
            "reference": Personal.NONE,
            "provider": Personal.NONE,
        },
    )

    kind = models.CharField(max_length=16, choices=MechanismKind)
    description = models.TextField(max_length=2_000, help_text="How it is done, in a few sentences. Name nobody.")
    description_ur = models.TextField(
        "description in Urdu",
        max_length=2_000,
        blank=True,
        help_text="The same in Urdu: told wherever a decision says no about a child.",
    )
    reference = models.CharField(max_length=200, help_text="Where the procedure is written down.")
    provider = models.CharField(
        max_length=63,
        blank=True,
        help_text="For guardians' consent: the provider, by its code, whose check guardians may ask for on their page.",
    )
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        verbose_name = "declared mechanism"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "kind"], condition=Q(ends_at=None), name="childmechanism_one_open_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="childmechanism_period"
            ),
        ]
        indexes = [*newest_first("starts_at", "childmechanism_by_time")]

    def __str__(self) -> str:
        """Show the kind."""
        return self.get_kind_display()


class CheckState(models.TextChoices):
    """How far a provider's check is."""

    REQUESTED = "requested", _("The provider is being asked")
    STARTED = "started", _("Started")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    LAPSED = "lapsed", _("Came to nothing")


OPEN_CHECKS = (CheckState.REQUESTED, CheckState.STARTED)
"""States in which the provider has still to do something."""
CHECK_URL = "children_providercheck.url"
"""The column under whose name an address is sealed."""


class ProviderCheck(ChildRow):
    """One check of a guardian that a provider carries out: its number and its result, nothing of what it saw.

    It is written down before the provider is asked, under whose answer it gets a number: the row's own id is what the
    provider is told, so that asking once more begins nothing twice.
    """

    wall = Wall(
        Scope.TENANT,
        EDIT,
        personal={
            "provider": Personal.NONE,
            "provider_check_id": Personal.PSEUDONYM,
            "answer_to": Personal.NONE,
            "url": Personal.SEALED,
        },
    )

    guardianship = models.ForeignKey(
        Guardianship, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    provider = models.CharField(max_length=63)
    provider_check_id = models.CharField(max_length=200, blank=True)
    answer_to = models.CharField(max_length=500, blank=True, editable=False)
    url = SealedField()
    """Where the guardian goes: whoever has it could be checked in their place, so it is sealed under their key."""
    method = models.CharField(max_length=24, choices=VerificationMethod)
    state = models.CharField(max_length=16, choices=CheckState, default=CheckState.REQUESTED)
    started_at = models.DateTimeField(editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        verbose_name = "provider's check"
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "provider", "provider_check_id"],
                condition=~Q(provider_check_id=""),
                name="providercheck_number_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "lapsed"]) | ~Q(provider_check_id=""),
                name="providercheck_has_a_number_once_begun",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "guardianship", "id"], name="providercheck_of_guardianship"),
            *newest_first("started_at", "providercheck_by_time"),
            *newest_first("started_at", "providercheck_by_state", by="state"),
        ]

    @property
    def is_requested(self) -> bool:
        """Whether the provider has still to begin it."""
        return self.state == CheckState.REQUESTED

    @property
    def is_open(self) -> bool:
        """Whether the provider has still to begin it, or to say what it found."""
        return self.state in OPEN_CHECKS

    def __str__(self) -> str:
        """Name the provider and how far it is."""
        return f"{self.provider}: {self.get_state_display()}"
