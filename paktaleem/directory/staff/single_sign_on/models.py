"""Providers of single sign-on, their secrets, and the accounts at a provider that belong to members of staff."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import due_by_second_person
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify

MOST_DOMAINS = 20
"""Maximum number of email domains of one provider."""


class Provider(RequestedChange, Tracked):
    """A client's OpenID Connect provider, proposed by one person and approved by an officer; never changed.

    It is in force from ``settled_at`` (approved) until ``ended_at``. ``application_id`` is the portal's ``client_id``
    at the provider. While ``required_at`` is set, passwords give no access to this client.
    """

    wall = TablePolicy(
        EDIT,
        looked_up=True,
        kept_for_good="evidence of who could vouch for a client's staff, and when",
        personal=classify(none="issuer application_id domains requested_kind ground"),
    )

    issuer = models.CharField(
        max_length=500,
        help_text="Address of the provider without “/.well-known/openid-configuration”, exactly as the provider "
        "states it.",
    )
    application_id = models.CharField(
        "client ID", max_length=255, help_text="The identifier that the provider gave to this portal."
    )
    domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name="email domains",
        help_text="Domains of the institution’s own email addresses, such as school.example.",
    )
    honours_second_factor = models.BooleanField(
        "second factor of the provider counts",
        default=False,
        help_text="If the provider says that a second factor was used, the portal asks for none. Otherwise the portal "
        "asks for its own.",
    )
    required_at = models.DateTimeField("required since", null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    history = History()

    due = (due_by_second_person(_("Single sign-on"), Capability.MANAGE_STAFF),)

    class Meta:
        verbose_name = "single sign-on"
        verbose_name_plural = "single sign-on"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("signonprovider_one_in_force", where=Q(state=ChangeState.APPROVED, ended_at=None)),
            unique_in_client("signonprovider_one_waiting", where=Q(state=ChangeState.WAITING)),
            models.CheckConstraint(condition=~Q(client=PAKTALEEM), name="signonprovider_not_of_officers"),
            models.CheckConstraint(
                condition=Q(state=ChangeState.APPROVED) | Q(ended_at=None, required_at=None),
                name="signonprovider_only_approved_ones_act",
            ),
            models.CheckConstraint(
                condition=Q(domains__len__gte=1, domains__len__lte=MOST_DOMAINS), name="signonprovider_has_domains"
            ),
            *second_person_constraints("signonprovider"),
            has_a_ground("signonprovider"),
        ]
        indexes = newest_first("requested_at", "signonprovider_by_time")

    def __str__(self) -> str:
        return self.issuer

    @property
    def is_in_force(self) -> bool:
        return self.state == ChangeState.APPROVED and self.ended_at is None


class ProviderSecret(models.Model):
    """The portal's secret at one provider (``client_secret``), wrapped under the keyring."""

    wall = TablePolicy(EDIT, officer=False, personal=classify(credential="wrapped"))

    provider = models.OneToOneField(
        Provider, models.PROTECT, related_name="secret", primary_key=True, db_constraint=False
    )
    client = RowKey(Client)
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["epoch"], name="signonsecret_by_epoch")]

    def __str__(self) -> str:
        return "secret"


class SignOnLink(TenantRow):
    """The account at a provider (issuer and subject, OpenID Connect Core §2) that belongs to a member of staff."""

    wall = TablePolicy(
        EDIT,
        kept_for_good="evidence of whose account at the provider signs in as whom",
        left_out_of_copies="about the sign-in of a member of staff",
        personal=classify(none="issuer", pseudonym="subject"),
    )

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "linked school account"
        verbose_name_plural = "linked school accounts"
        ordering = ["-linked_at", "-id"]
        constraints = [
            unique_in_client("signonlink_one_user", "issuer", "subject", where=Q(ended_at=None)),
            unique_in_client("signonlink_one_account", "issuer", "user", where=Q(ended_at=None)),
        ]
        indexes = newest_first("linked_at", "signonlink_by_time")

    def __str__(self) -> str:
        return str(self.user)
