"""Corrections that people ask for, values that were corrected, and recipients who must be informed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.agreements import Recipient
from consent.register.models.purposes import CodesField
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from rights.rectifications.values import FIELD_LABELS, VALUE_LABELS
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.sections import OF_REQUEST, open_request_texts

_BY = [(kind.value, kind.value) for kind in ByKind]


class CorrectionState(models.TextChoices):
    OPEN = "open", _("Not decided yet")
    MADE = "made", _("Made")
    REFUSED = "refused", _("Refused")


class Correction(TenantRow):
    """One correction that a part of a request asks for, in the person's words, sealed under the request's key."""

    wall = TablePolicy(
        EDIT,
        disposed_as="request_texts",
        personal=classify(sealed="about old_value new_value evidence reasons", none="field category state given_role"),
    )
    copied = Copied(
        "corrections",
        _("Corrections that you asked for"),
        "number=request__number field category about old_value new_value evidence state reasons requested_at=given_at "
        "settled_at",
        of=OF_REQUEST,
        read=open_request_texts("about", "old_value", "new_value", "evidence", "reasons"),
    )

    request = RowKey(RightsRequest)
    part = RowKey(RequestPart)
    field = models.CharField(max_length=32, choices=list(FIELD_LABELS.items()))
    category = models.CharField(max_length=63, blank=True, default="")
    about = SealedField()
    old_value = SealedField()
    new_value = SealedField()
    evidence = SealedField()
    reasons = SealedField()
    state = models.CharField(max_length=16, choices=CorrectionState, default=CorrectionState.OPEN)
    given_kind = models.CharField(max_length=16, choices=_BY)
    given_by = models.UUIDField()
    given_role = models.CharField(max_length=32)
    given_at = models.DateTimeField()
    settled_by = models.UUIDField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None, settled_by=None)
                | (~Q(state="open") & Q(settled_at__isnull=False, settled_by__isnull=False)),
                name="correction_settled_by_someone",
            )
        ]
        indexes = [models.Index(fields=["client", "request", "id"], name="correction_of_request")]

    def __str__(self) -> str:
        return str(self.get_field_display())


class CorrectedValue(TenantRow, ActorStamp):
    """One field of a person that was corrected here; until ``applied_at`` it waits for a second person."""

    wall = TablePolicy(EDIT, disposed_as="person", personal=classify(sealed="old_value new_value", none="field"))

    subject = RowKey(Subject)
    request = RowKey(RightsRequest, null=True)
    field = models.CharField(max_length=32, choices=list(VALUE_LABELS.items()))
    old_value = SealedField()
    new_value = SealedField()
    age_change = RowKey(AgeChange, null=True)
    reason = models.CharField(max_length=32, choices=Reason)
    at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(applied_at__isnull=False) | Q(age_change__isnull=False),
                name="correctedvalue_waits_or_applied",
            )
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="correctedvalue_of_subject"),
            models.Index(fields=["client", "request"], name="correctedvalue_of_request"),
            models.Index(fields=["client", "age_change"], name="correctedvalue_of_change"),
        ]

    def __str__(self) -> str:
        return str(self.get_field_display())


class Disagreement(TenantRow):
    """A person's statement beside data that was not corrected as they asked (34 CFR 99.21(b)(2), (c)).

    It is sealed under the person's key, so that it outlives the request's texts; ``text`` is None once taken back.
    ``categories`` are those of the data; none means all.
    """

    wall = TablePolicy(EDIT, disposed_as="person", personal=classify(sealed="text", none="categories"))
    copied = Copied(
        "disagreements",
        _("Your statements beside data that was not corrected"),
        "text categories stated_at",
        titles={"text": _("Statement")},
    )

    subject = RowKey(Subject)
    request = RowKey(RightsRequest)
    categories = CodesField()
    text = SealedField()
    stated_at = models.DateTimeField()

    class Meta:
        ordering = ["-stated_at", "-id"]
        constraints = [unique_in_client("disagreement_of_request", "request")]
        indexes = [models.Index(fields=["client", "subject"], name="disagreement_of_subject")]

    def __str__(self) -> str:
        return str(self.request)


class InformOutcome(models.TextChoices):
    """Outcome of informing a recipient (GDPR Art. 19)."""

    INFORMED = "informed", _("Informed")
    NOTHING_SHARED = "nothing_shared", _("Nothing about this person was shared")
    IMPOSSIBLE = "impossible", _("Impossible, or a disproportionate effort")


class RecipientNotice(TenantRow):
    """One recipient to be informed of a correction, restriction or erasure, and what came of it."""

    wall = TablePolicy(EDIT, personal=classify(none="outcome"))
    copied = Copied(
        "recipient_notices",
        _("Recipients to be informed of a correction, restriction or erasure"),
        "recipient=recipient__name outcome recorded_at=listed_at settled_at",
    )

    subject = RowKey(Subject)
    request = RowKey(RightsRequest, null=True)
    recipient = RowKey(Recipient)
    recipient_owner = models.UUIDField(editable=False)
    outcome = models.CharField(max_length=16, choices=InformOutcome, blank=True, default="")
    listed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            unique_in_client("recipientnotice_once", "request", "recipient"),
            unique_in_client("recipientnotice_one_open", "subject", "recipient", where=Q(request=None, outcome="")),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at=None, settled_by=None)
                | (~Q(outcome="") & Q(settled_at__isnull=False, settled_by__isnull=False)),
                name="recipientnotice_settled_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["client", "subject", "id"], name="recipientnotice_of_subject")]

    def __str__(self) -> str:
        return str(self.get_outcome_display())
