"""Changes of privileged staff, which take two people: what is proposed, for whom, and its state."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import due_by_second_person
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify

ROLES_OF_STAFF = [
    (Role.PRIVACY_OFFICER.value, "Privacy officer"),
    (Role.SUPPORT_AGENT.value, "Support agent"),
    (Role.AUDITOR.value, "Auditor"),
    (Role.CLIENT_ADMIN.value, "Client administrator"),
    (Role.CLIENT_AUDITOR.value, "Client auditor"),
]


class StaffAct(models.TextChoices):
    GRANT_ROLE = "grant_role", _("Give a role")
    CHANGE_ROLE = "change_role", _("Widen a role")
    ENABLE = "enable", _("Re-enable the account")
    RESET_PASSWORD = "reset_password", _("Send a link to set a new password")
    RESET_FACTOR = "reset_factor", _("Reset the second factor")
    CHANGE_EMAIL = "change_email", _("Change the email address")


class StaffChange(RequestedChange, Tracked):
    """A proposal to make, re-enable or recover a privileged member of staff; no effect until a second officer approves.

    ``client`` is the client of the role, and PakTaleem for acts on the account itself. ``role`` with its
    ``school_ids`` (None: no limit) and ``email`` are set for the acts that need them.
    """

    wall = TablePolicy(
        EDIT,
        looked_up=True,
        kept_for_good="evidence of who gave a role to whom",
        personal=classify(none="act role school_ids reason requested_kind ground", staff="email"),
    )

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    act = models.CharField(max_length=16, choices=StaffAct)
    role = models.CharField(max_length=32, choices=ROLES_OF_STAFF, blank=True, default="")
    school_ids = ArrayField(
        models.UUIDField(), verbose_name="limited to schools", null=True, blank=True, editable=False
    )
    email = models.EmailField("new email address", max_length=254, blank=True, default="")
    reason = models.CharField(max_length=24, choices=Reason)

    history = History(excluded_fields=["email"])

    due = (due_by_second_person(_("Changes of staff"), Capability.MANAGE_COLLEAGUES),)

    class Meta:
        verbose_name = "change of staff"
        verbose_name_plural = "changes of staff"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("staffchange_one_waiting", "user", "act", where=Q(state=ChangeState.WAITING)),
            models.CheckConstraint(
                condition=~Q(act__in=[StaffAct.GRANT_ROLE, StaffAct.CHANGE_ROLE]) | ~Q(role=""),
                name="staffchange_roles_are_named",
            ),
            models.CheckConstraint(
                condition=~Q(act=StaffAct.CHANGE_EMAIL) | ~Q(email=""), name="staffchange_addresses_are_named"
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.APPROVED) | ~Q(settled_by=models.F("user")),
                name="staffchange_not_by_its_user",
            ),
            has_a_ground("staffchange"),
            *second_person_constraints("staffchange"),
        ]
        indexes = [
            *newest_first("requested_at", "staffchange_by_time"),
            *newest_first("requested_at", "staffchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return self.get_act_display()
