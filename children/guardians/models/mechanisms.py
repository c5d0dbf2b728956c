"""Clients' declared mechanisms for ages and guardians' consent, and checks of guardians by providers."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship, VerificationMethod
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due, due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class MechanismKind(models.TextChoices):
    """The kind of mechanism that a client declares."""

    AGE = "age", _("Age verification")
    CONSENT = "consent", _("Guardians' consent")


class ChildMechanism(TenantRow, Tracked):
    """A client's declaration of how it verifies ages or obtains guardians' consent, for a period (policy §8)."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=classify(none="description description_ur reference provider"),
        limited=Limited.READ,
    )

    kind = models.CharField(max_length=16, choices=MechanismKind)
    description = models.TextField(
        max_length=2_000, help_text="How it is done, in a few sentences. Do not name people."
    )
    description_ur = models.TextField(
        "description in Urdu",
        max_length=2_000,
        blank=True,
        help_text="The same in Urdu: shown with every decision that denies something about a child.",
    )
    reference = models.CharField(max_length=200, help_text="Where the procedure is documented.")
    provider = models.CharField(
        max_length=63,
        blank=True,
        help_text="For guardians' consent: the code of the provider whose check guardians may request on their page.",
    )
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        verbose_name = "declared mechanism"
        ordering = ["-starts_at", "-id"]
        constraints = [
            unique_in_client("childmechanism_one_open_per_kind", "kind", where=Q(ends_at=None)),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="childmechanism_period"
            ),
        ]
        indexes = [*newest_first("starts_at", "childmechanism_by_time")]

    def __str__(self) -> str:
        return self.get_kind_display()


class CheckState(models.TextChoices):
    """The state of a provider's check."""

    REQUESTED = "requested", _("Requested from the provider")
    STARTED = "started", _("Started")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    LAPSED = "lapsed", _("Lapsed without a result")


OPEN_CHECKS = (CheckState.REQUESTED, CheckState.STARTED)
"""States in which the provider still has to act."""
CHECK_URL = "guardians_providercheck.url"
"""The column name to which the sealed address of a check is bound."""


class ProviderCheck(TenantRow, Tracked):
    """A check of a guardian by a provider, without its evidence; its id is the reference, so a repeated call is safe.

    ``provider_check_id`` is the number that the provider returns.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="person",
        personal=classify(none="provider answer_to", pseudonym="provider_check_id", sealed="url"),
    )
    copied = Copied(
        "provider_checks",
        _("Checks of you by a provider"),
        "provider method state started_at finished_at",
        of=("guardianship__guardian",),
        titles={"started_at": _("Started"), "finished_at": _("Finished")},
    )

    guardianship = RowKey(Guardianship)
    provider = models.CharField(max_length=63)
    provider_check_id = models.CharField(max_length=200, blank=True)
    answer_to = models.CharField(max_length=500, blank=True, editable=False)
    url = SealedField()
    """The address for the guardian. Sealed under their key: anyone who has it could be checked in their place."""
    method = models.CharField(max_length=24, choices=VerificationMethod)
    state = models.CharField(max_length=16, choices=CheckState, default=CheckState.REQUESTED)
    started_at = models.DateTimeField(editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        verbose_name = "provider's check"
        ordering = ["-started_at", "-id"]
        constraints = [
            unique_in_client(
                "providercheck_number_once", "provider", "provider_check_id", where=~Q(provider_check_id="")
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
        """Return True if the provider has not started the check yet."""
        return self.state == CheckState.REQUESTED

    @property
    def is_open(self) -> bool:
        """Return True if the provider has not reported a result yet."""
        return self.state in OPEN_CHECKS

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_state_display()}"


class ConflictOutcome(models.TextChoices):
    """The outcome of a disagreement between guardians."""

    AGREED = "agreed", _("The guardians agree")
    AUTHORITY_CHANGED = "authority_changed", _("One of them no longer decides")
    REFUSAL_APPLIES = "no_stands", _("They still disagree: the refusal applies")


class GuardianConflict(TenantRow, Tracked):
    """A disagreement between a child's guardians about the service or one purpose; the refusal takes precedence."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal=classify(none="purpose_code"))
    copied = Copied(
        "guardian_conflicts",
        _("Different answers of guardians"),
        "purpose=purpose_code opened_at closed_at",
        of=("child",),
    )

    child = RowKey(Subject)
    purpose_code = models.CharField(max_length=63, blank=True, help_text="Empty: the service as a whole.")
    opened_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=24, choices=ConflictOutcome, blank=True)

    history = History()

    due = (
        Due(
            label=_("Guardians disagree"),
            note=_("need manual action"),
            who=Capability.APPROVE_CHANGES,
            rows=Q(closed_at=None),
            query="progress=open",
            since="opened_at",
        ),
    )

    class Meta:
        verbose_name = "disagreement between guardians"
        verbose_name_plural = "disagreements between guardians"
        ordering = ["-opened_at", "-id"]
        constraints = [
            unique_in_client("guardianconflict_one_open", "child", "purpose_code", where=Q(closed_at=None)),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="guardianconflict_closed_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianconflict_of_child"),
            *newest_first("opened_at", "guardianconflict_by_time"),
            *newest_first("opened_at", "guardianconflict_open", condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return self.purpose_code or gettext("the service")


class GuardianChange(RequestedChange, Tracked):
    """A change that would permit more than before; it needs a second person's approval.

    ``changes`` maps fields to values, or ``verification`` to the id of the one that is confirmed.
    """

    wall = TablePolicy(
        Scope.TENANT, EDIT, disposed_as="person", personal=classify(none="changes requested_kind ground", sealed="note")
    )
    copied = Copied(
        "guardian_changes",
        _("Changes of a guardian’s authority"),
        "state requested_at settled_at",
        of=("child", "guardianship__guardian"),
    )

    child = RowKey(Subject)
    guardianship = RowKey(Guardianship)
    changes = models.JSONField()
    note = SealedField()

    history = History()

    due = (due_by_second_person(_("Changes of guardians"), Capability.APPROVE_CHANGES),)

    class Meta:
        verbose_name = "change of a guardian"
        verbose_name_plural = "changes of guardians"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("guardianchange_one_waiting", "guardianship", where=Q(state=ChangeState.WAITING)),
            *second_person_constraints("guardianchange"),
            has_a_ground("guardianchange"),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianchange_of_child"),
            *newest_first("requested_at", "guardianchange_by_time"),
            *newest_first("requested_at", "guardianchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class QuarantineCause(models.TextChoices):
    """The reason for a quarantine."""

    INCIDENT = "incident", _("Collected from a child without authority")
    REPORT = "report", _("Reported as a child's data")


class Quarantine(TenantRow, Tracked):
    """A period [starts_at, ends_at) in which a person's data may only be deleted (policy §8)."""

    wall = TablePolicy(Scope.TENANT, EDIT)
    copied = Copied(
        "quarantines", _("Times in which your data could only be deleted"), "reason=cause starts_at ends_at"
    )

    subject = RowKey(Subject)
    cause = models.CharField(max_length=16, choices=QuarantineCause)
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            unique_in_client("quarantine_one_open", "subject", where=Q(ends_at=None)),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="quarantine_period"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="quarantine_of_subject"),
            *newest_first("starts_at", "quarantine_by_time"),
            *newest_first("starts_at", "quarantine_open", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        return gettext("quarantined since {day}").format(day=format_date(self.starts_at))
