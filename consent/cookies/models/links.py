"""The register of services of third parties that the platform links to (policy §11)."""

from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.register.models.rows import RegisterRow
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, TrackedQuerySet
from paktaleem.foundation.tenancy.indexes import oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_HTTPS = URLValidator(schemes=["https"])


class LinkedServiceQuerySet(TrackedQuerySet["LinkedService"]):
    """Query set of linked services."""

    def in_use(self) -> Self:
        """Return the services that the platform links to."""
        return self.filter(is_active=True)

    def to_review(self, on: date) -> Self:
        """Return the services in use whose review day has come."""
        return self.in_use().filter(review_on__lte=on)

    def to_review_at(self, at: datetime) -> Self:
        """Return the services in use whose review day has come at ``at``, by the date in UTC; for many clients."""
        return self.to_review(at.date())


class LinkedService(RegisterRow):
    """One service of a third party that the platform links to, with its privacy policy; shown with the notice.

    PakTaleem's rows are shown at every client, a client's own at that client.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        Scope.CATALOGUE,
        EDIT,
        personal=dict.fromkeys(("name", "url", "policy_url", "purpose_en", "purpose_ur"), Personal.NONE),
    )

    name = models.CharField(max_length=200)
    url = models.URLField("address", max_length=500, validators=[_HTTPS])
    policy_url = models.URLField("address of its privacy policy", max_length=500, validators=[_HTTPS])
    purpose_en = models.CharField("why it is linked (English)", max_length=500)
    purpose_ur = models.CharField("why it is linked (Urdu)", max_length=500)
    review_on = models.DateField("review day")
    is_active = models.BooleanField("in use", default=True)

    objects: ClassVar[Any] = LinkedServiceQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "linked service"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "url"],
                name="linkedservice_one_per_url",
                violation_error_message=_("This address is in the register already."),
            )
        ]
        indexes = oldest_first("review_on", "linkedservice_by_review", condition=models.Q(is_active=True))

    def __str__(self) -> str:
        """Return the name."""
        return self.name
