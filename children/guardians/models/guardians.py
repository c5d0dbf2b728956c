"""Guardianships and their verifications."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from children.strength import Method, Strength
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.audit.actors import By, ByKind
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class AuthoredRow(TenantRow):
    """A row that is written once, with the actor who wrote it."""

    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)

    class Meta:
        abstract = True


def actor_fields(actor: By) -> dict[str, object]:
    """Return the columns that identify the actor who wrote a row."""
    return {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}


class Relationship(models.TextChoices):
    """The relationship of a guardian to a child."""

    PARENT = "parent", _("Parent")
    GUARDIAN = "guardian", _("Guardian")
    RELATIVE = "relative", _("Relative")
    OTHER = "other", _("Other")


class Source(models.TextChoices):
    """The source of a guardianship: who named the guardian."""

    ROSTER = "roster", _("Claimed by the roster")
    SCHOOL = "school", _("Named by the school")
    SELF = "self", _("Stated by the guardian")


class VerificationMethod(models.TextChoices):
    """Labels of the verification methods in ``children.strength``."""

    SIGNED_FORM = Method.SIGNED_FORM.value, _("Signed form")
    IN_PERSON = Method.IN_PERSON.value, _("In person")
    SCHOOL_ATTESTED = Method.SCHOOL_ATTESTED.value, _("Attested by the school")
    PAYMENT_CARD = Method.PAYMENT_CARD.value, _("Payment card")
    TOLL_FREE_CALL = Method.TOLL_FREE_CALL.value, _("Telephone call with trained staff")
    VIDEO_CONFERENCE = Method.VIDEO_CONFERENCE.value, _("Video conference with trained staff")
    GOV_ID_DATABASE = Method.GOV_ID_DATABASE.value, _("Identity number checked with a database")
    KNOWLEDGE_BASED = Method.KNOWLEDGE_BASED.value, _("Questions that only they can answer")
    FACE_MATCH_PHOTO_ID = Method.FACE_MATCH_PHOTO_ID.value, _("Face compared with an identity card")
    EMAIL_PLUS = Method.EMAIL_PLUS.value, _("Email, confirmed a second time")
    TEXT_PLUS = Method.TEXT_PLUS.value, _("Text message, confirmed a second time")


class VerificationStrength(models.IntegerChoices):
    """Labels of the verification strengths in ``children.strength``."""

    BASIC = Strength.BASIC.value, _("Basic: for internal use only")
    SUBSTANTIAL = Strength.SUBSTANTIAL.value, _("Substantial")
    HIGH = Strength.HIGH.value, _("High")


class GuardianshipQuerySet(TrackedQuerySet["Guardianship"]):
    """Query set of guardianships."""

    def live(self, at: datetime) -> Self:
        """Return the guardianships in effect at ``at``."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)

    def still_named(self) -> Self:
        """Return the guardianships that may be asked about: all but a roster's whose claim has ended."""
        claims = GuardianClaim.objects.filter(
            client_id=OuterRef("client_id"), child_id=OuterRef("child_id"), guardian_id=OuterRef("guardian_id")
        )
        return self.filter(~Q(source=Source.ROSTER) | Exists(claims.filter(ends_at=None)))


class Guardianship(TenantRow, Tracked):
    """One person's guardianship of a child for [starts_at, ends_at); an ended one is never reopened.

    By itself it gives no authority: that needs a verification, ``may_consent`` and no court order.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, disposed_as="person", personal=classify(sealed="court_order_note"))
    # A child's copy says that there is a guardian and what they decided, never who they are.
    copied = Copied(
        "guardianships",
        _("Guardians"),
        "part relationship source may_consent may_receive_data court_order starts_at ends_at",
        of=("child", "guardian"),
        titles={
            "source": _("Named by"),
            "may_consent": _("May decide for the child"),
            "may_receive_data": _("May receive the child’s data"),
            "court_order": _("Court order"),
        },
    )

    child = RowKey(Subject)
    guardian = RowKey(Subject)
    relationship = models.CharField(max_length=16, choices=Relationship)
    source = models.CharField(max_length=16, choices=Source, editable=False)
    may_consent = models.BooleanField(default=False, help_text="May decide for the child, once verified.")
    may_receive_data = models.BooleanField(default=False, help_text="May receive the data held about the child.")
    court_order = models.BooleanField(
        default=False, help_text="A court order bars them from deciding: they have no authority."
    )
    court_order_note = SealedField()
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="When the guardianship ends.")

    objects: ClassVar = GuardianshipQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "guardian"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(child=F("guardian")), name="guardianship_not_of_oneself"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="guardianship_period"
            ),
            unique_in_client("guardianship_one_open_per_pair", "child", "guardian", where=Q(ends_at=None)),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="guardianship_of_child"),
            models.Index(fields=["client", "guardian", "id"], name="guardianship_of_guardian"),
            *newest_first("starts_at", "guardianship_by_time"),
            *newest_first("starts_at", "guardianship_by_relation", by="relationship"),
        ]

    def __str__(self) -> str:
        return self.get_relationship_display()


class Verification(TenantRow, Tracked):
    """A verification of a guardian; once found false (``ended_at``) it proves nothing, not even for before.

    It stores a reference, a hash or a check's number, never a document or card number (16 CFR 312.5(b)(2)).
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="person",
        personal=classify(sealed="evidence_reference", pseudonym="evidence_sha256 provider_check_id", none="provider"),
    )
    copied = Copied(
        "guardian_verifications",
        _("Verifications of you as a guardian"),
        "method strength provider verified_at expires_at ended_at",
        of=("guardianship__guardian",),
        titles={"strength": _("Strength"), "verified_at": _("Verified"), "ended_at": _("Found false")},
    )

    guardianship = RowKey(Guardianship)
    method = models.CharField(max_length=24, choices=VerificationMethod)
    strength = models.PositiveSmallIntegerField(choices=VerificationStrength)
    evidence_reference = SealedField()
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    file = RowKey(SealedFile, null=True)
    provider = models.CharField(max_length=63, blank=True)
    provider_check_id = models.CharField(max_length=200, blank=True)
    verified_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = ["-verified_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("verified_at")), name="verification_period"
            ),
            models.CheckConstraint(condition=Q(strength__range=(1, 3)), name="verification_strength_known"),
        ]
        indexes = [
            models.Index(fields=["client", "guardianship", "id"], name="verification_of_guardianship"),
            *newest_first("verified_at", "verification_by_time"),
            *newest_first("verified_at", "verification_by_method", by="method"),
        ]

    def __str__(self) -> str:
        return self.get_method_display()


class Decision(models.TextChoices):
    """An answer about the service: given, refused or withdrawn."""

    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Route(models.TextChoices):
    """The route by which an answer was received."""

    SCHOOL = "school", _("Through the school, with its evidence")
    IN_PERSON = "in_person", _("In person")
    PAPER = "paper", _("On paper")
    PORTAL = "portal", _("On a page of this portal")
    PHONE = "phone", _("By telephone")


class ServiceAuthorisation(AuthoredRow):
    """A guardian's answer about the service for a child, or the child's own refusal. Append-only.

    ``shares`` is the answer about outside recipients (COPPA, 16 CFR 312.5(a)(2)); None if not asked.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="person",
        personal=classify(sealed="evidence_reference", none="shown_hash language"),
    )
    copied = Copied(
        "service_answers",
        _("Answers about the use of the service"),
        "part decision shares route language recorded_at expires_at",
        of=("child", "guardian"),
        titles={"decision": _("Answer"), "shares": _("Sharing with outside recipients")},
    )

    child = RowKey(Subject)
    guardian = RowKey(Subject, null=True)
    guardianship = RowKey(Guardianship, null=True)
    verification = RowKey(Verification, null=True)
    decision = models.CharField(max_length=16, choices=Decision)
    shares = models.BooleanField(null=True)
    route = models.CharField(max_length=16, choices=Route)
    evidence_reference = SealedField()
    file = RowKey(SealedFile, null=True)
    shown_hash = models.CharField(max_length=64, blank=True, help_text="Hash of the text that was shown.")
    language = models.CharField(max_length=8, blank=True)
    claimed_at = models.DateTimeField(null=True, help_text="Time of the answer according to the client.")
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "guardian's answer"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(guardian=None, guardianship=None) | Q(guardian__isnull=False, guardianship__isnull=False),
                name="serviceauthorisation_guardian_stands",
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.GIVEN)
                | Q(guardian__isnull=False, guardianship__isnull=False, verification__isnull=False),
                name="serviceauthorisation_given_by_verified",
            ),
            models.CheckConstraint(condition=~Q(child=F("guardian")), name="serviceauthorisation_not_by_child"),
            models.CheckConstraint(
                condition=Q(decision=Decision.GIVEN) | Q(shares=None), name="serviceauthorisation_no_shares_nothing"
            ),
            models.CheckConstraint(
                condition=Q(claimed_at=None) | Q(claimed_at__lte=F("recorded_at")),
                name="serviceauthorisation_claimed_not_future",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("recorded_at")), name="serviceauthorisation_period"
            ),
        ]
        indexes = [
            models.Index(
                fields=["client", "child", "guardianship", "-recorded_at", "-id"], name="serviceauthorisation_of_child"
            ),
            *newest_first("recorded_at", "serviceauth_by_time"),
            *newest_first("recorded_at", "serviceauth_by_decision", by="decision"),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} {format_date(self.recorded_at)}"


class SchoolAuthorisation(TenantRow, Tracked):
    """A school's own authorisation (34 CFR 99.31(a)(1)(i)(B)): no guardian's consent, permits nothing (policy §8)."""

    wall = TablePolicy(
        Scope.TENANT, EDIT, disposed_as="person", personal=classify(none="contract_reference", sealed="official")
    )
    copied = Copied(
        "school_authorisations",
        _("Authorisations by the school"),
        "contract=contract_reference starts_at ends_at",
        of=("child",),
        titles={"contract": _("Contract")},
    )

    child = RowKey(Subject)
    contract_reference = models.CharField(
        "contract", max_length=100, help_text="The number of the contract. Do not name people."
    )
    official = SealedField()
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = "school authorisation"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="schoolauthorisation_period"
            ),
            unique_in_client("schoolauthorisation_one_open", "child", where=Q(ends_at=None)),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="schoolauthorisation_of_child"),
            *newest_first("starts_at", "schoolauth_by_time"),
        ]

    def __str__(self) -> str:
        return self.contract_reference
