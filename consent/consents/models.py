"""Models of consents."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from consent.notices.models import NoticeVersion
from consent.register.models.purposes import PeriodRow, Purpose, catalogue_owner, period_is_ordered
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.declarations import Copied, ValueKind
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import ActorStamp, History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date, format_time


class ConsentState(models.TextChoices):
    """The states of a consent (W3C DPV 2.3 consent statuses). Only GIVEN permits."""

    UNKNOWN = "unknown", _("Unknown")
    REQUESTED = "requested", _("Requested")
    DEFERRED = "deferred", _("Deferred")
    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person or a guardian")
    REVOKED = "revoked", _("Revoked by PakTaleem or the client")
    EXPIRED = "expired", _("Expired")
    OUTDATED = "outdated", _("Outdated: the notice changed materially, or the purpose was widened")
    INVALIDATED = "invalidated", _("Invalidated")


class GivenBy(models.TextChoices):
    """The giver of an answer."""

    SELF = "self", _("The data subject")
    GUARDIAN = "guardian", _("A guardian")
    STAFF = "staff", _("Staff, on the person's request")
    ORGANISATION = "organisation", _("PakTaleem or the client, on its own initiative")


class Method(models.TextChoices):
    """How the answer was collected."""

    LMS = "lms", _("In the learning platform")
    WEB = "web", _("On a page of this portal")
    PAPER = "paper", _("On paper")
    PHONE = "phone", _("By telephone")
    EMAIL = "email", _("By email to support")
    IN_PERSON = "in_person", _("In person")
    IMPORT = "import", _("Imported")
    CONSOLE = "console", _("In the console")
    SYSTEM = "system", _("Automatically by the portal")


_NAMES_GUARDIAN = Q(given_by=GivenBy.GUARDIAN, guardian__isnull=False) | (
    ~Q(given_by=GivenBy.GUARDIAN) & Q(guardian=None)
)
_CLAIMED_BEFORE = Q(claimed_at=None) | Q(claimed_at__lte=F("recorded_at"))


class ConsentEvent(TenantRow, ActorStamp):
    """One answer of one person about one purpose. Append-only."""

    wall = TablePolicy(APPEND, disposed_as="evidence", personal=classify(none="language shown_hash reason"))
    copied = Copied(
        "answers",
        _("Your answers about purposes"),
        "part purpose=purpose__code answer=state given_by method language reason claimed_at recorded_at expires_at by",
        of=("subject", "guardian"),
        is_provided=True,
    )

    subject = RowKey(Subject)
    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    state = models.CharField(max_length=16, choices=ConsentState)
    given_by = models.CharField(max_length=16, choices=GivenBy)
    guardian = RowKey(Subject, null=True)
    notice_version = RowKey(NoticeVersion, null=True)
    notice_version_owner = models.UUIDField(null=True, editable=False)
    shown_hash = models.CharField(max_length=64, blank=True, help_text="Hash of the text that was shown.")
    shown_at = models.DateTimeField(null=True, help_text="When it was shown, according to the signed token.")
    language = models.CharField(max_length=8)
    reason = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Reason of a revocation or invalidation."
    )
    becomes_state = models.BooleanField(
        default=True,
        db_default=True,
        help_text="False for a request about a consent in force, and for a consent another guardian refuses.",
    )
    is_renewal = models.BooleanField(default=False, db_default=False, help_text="Given again while in force.")
    method = models.CharField(max_length=16, choices=Method)
    claimed_at = models.DateTimeField(null=True, help_text="Time of collection, as claimed by the client.")
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=_CLAIMED_BEFORE, name="consentevent_claimed_not_future"),
            models.CheckConstraint(
                condition=Q(shown_at=None) | Q(shown_at__lte=F("recorded_at")), name="consentevent_shown_not_future"
            ),
            models.CheckConstraint(
                condition=~Q(state=ConsentState.GIVEN) | Q(notice_version__isnull=False),
                name="consentevent_given_under_a_notice",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["revoked", "invalidated"]) | ~Q(reason=""),
                name="consentevent_ended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(becomes_state=True) | Q(state__in=["requested", "deferred", "given"]),
                name="consentevent_answer_becomes_state",
            ),
            models.CheckConstraint(condition=_NAMES_GUARDIAN, name="consentevent_guardian_is_named"),
        ]
        indexes = [
            models.Index(
                fields=["client", "subject", "purpose", "-recorded_at", "-id"], name="consentevent_of_subject"
            ),
            *newest_first("recorded_at", "consentevent_by_time"),
            *newest_first("recorded_at", "consentevent_by_state", by="state"),
            models.Index(fields=["client", "purpose", "-recorded_at", "-id"], name="consentevent_by_purpose"),
            models.Index(fields=["client", "method", "-recorded_at", "-id"], name="consentevent_by_method"),
            models.Index(fields=["client", "given_by", "-recorded_at", "-id"], name="consentevent_by_giver"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {format_time(self.recorded_at)}"

    @property
    def informed_at(self) -> datetime:
        """Return when the notice was shown, else when the form was collected, else when the answer was recorded."""
        return self.shown_at or self.claimed_at or self.recorded_at


class Consent(TenantRow):
    """The current state of one person's consent to one purpose, as set by the latest event that changed it."""

    wall = TablePolicy(EDIT)
    copied = Copied(
        "consents",
        _("Your consents"),
        "part purpose=purpose__code state given_by recorded_at expires_at",
        of=("subject", "guardian"),
    )

    subject = RowKey(Subject)
    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    state = models.CharField(max_length=16, choices=ConsentState)
    event = RowKey(ConsentEvent)
    given_by = models.CharField(max_length=16, choices=GivenBy)
    guardian = RowKey(Subject, null=True)
    notice_version = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="When consent was last requested after the answer.")
    informed_at = models.DateTimeField(
        null=True, help_text="When the notice was shown, or the form collected. Empty: when it was recorded."
    )

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [
            unique_in_client("consent_one_per_purpose", "subject", "purpose"),
            models.CheckConstraint(condition=_NAMES_GUARDIAN, name="consent_guardian_is_named"),
        ]
        indexes = [
            *newest_first("recorded_at", "consent_by_time"),
            *newest_first("recorded_at", "consent_by_state", by="state"),
            models.Index(fields=["client", "purpose", "-recorded_at", "-id"], name="consent_by_purpose"),
            models.Index(
                fields=["client", "expires_at"],
                condition=Q(state="given", expires_at__isnull=False, asked_at=None),
                name="consent_to_ask_about",
            ),
            models.Index(
                fields=["guardian", "purpose"],
                include=["client", "state", "notice_version", "expires_at"],
                condition=Q(guardian__isnull=False),
                name="consent_of_guardians",
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class Restriction(PeriodRow):
    """One restriction of processing for a person (policy §9; GDPR Art. 18); no purpose means all."""

    wall = TablePolicy(EDIT, personal=classify(none="purpose_code"))
    copied = Copied("restrictions", _("Restrictions of processing"), "purpose=purpose_code starts_at ends_at")

    subject = RowKey(Subject)
    purpose_code = models.CharField(max_length=63, blank=True, help_text="Empty: every purpose.")

    history = History()

    due = (
        Due(
            label=_("Restrictions in force"),
            note=_("data is stored but not used"),
            who=Capability.VIEW_RECORDS,
            rows=Q(ends_at=None),
            query="progress=in_force",
        ),
    )

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [period_is_ordered("restriction_period")]
        indexes = [
            models.Index(fields=["client", "subject"], name="restriction_of_subject"),
            *newest_first("starts_at", "restriction_by_time"),
            *newest_first("starts_at", "restriction_in_force", condition=Q(ends_at=None)),
            *newest_first("starts_at", "restriction_open", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        return gettext("restricted from {day}").format(day=format_date(self.starts_at))


class Objection(PeriodRow):
    """One objection of a person to processing based on legitimate interest (policy §9; GDPR Art. 21)."""

    wall = TablePolicy(EDIT, personal=classify(none="purpose_code"))
    copied = Copied("objections", _("Objections"), "purpose=purpose_code starts_at ends_at")

    subject = RowKey(Subject)
    purpose_code = models.CharField(max_length=63)

    history = History()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [period_is_ordered("objection_period")]
        indexes = [
            models.Index(fields=["client", "subject"], name="objection_of_subject"),
            *newest_first("starts_at", "objection_by_time"),
            *newest_first("starts_at", "objection_in_force", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        return gettext("objected from {day}").format(day=format_date(self.starts_at))


class ConsentEvidence(TenantRow, ActorStamp):
    """One piece of evidence for one answer: a sealed reference to its location, or a sealed file."""

    wall = TablePolicy(APPEND, disposed_as="person", personal=classify(sealed="reference"))
    copied = Copied(
        "consent_evidence",
        _("Evidence of your answers"),
        "reference has_file added_at by",
        titles={"reference": _("Where it is kept"), "has_file": _("With a file")},
        read={"has_file": (ValueKind.YES_NO, lambda row, _reader: row.file_id is not None)},
    )

    subject = RowKey(Subject)
    event = RowKey(ConsentEvent)
    reference = SealedField()
    file = RowKey(SealedFile, null=True)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = "evidence of consent"
        verbose_name_plural = "evidence of consent"
        ordering = ["-added_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reference=None, file__isnull=False) | Q(reference__isnull=False, file=None),
                name="consentevidence_reference_or_file",
            )
        ]
        indexes = [*newest_first("added_at", "consentevidence_by_time")]

    def __str__(self) -> str:
        return gettext("Reference") if self.file_id is None else gettext("File")


class PolicyAcknowledgement(TenantRow, ActorStamp):
    """One person's acknowledgement of one version of the privacy policy. Append-only, and never a consent."""

    wall = TablePolicy(APPEND, personal=classify(none="shown_hash language"))
    copied = Copied(
        "acknowledgements", _("Acknowledgements of the privacy policy"), "method language claimed_at recorded_at"
    )

    subject = RowKey(Subject)
    version = RowKey(NoticeVersion)
    version_owner = catalogue_owner()
    shown_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    method = models.CharField(max_length=16, choices=Method)
    claimed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at", "-id"]
        indexes = [models.Index(fields=["client", "subject", "-recorded_at"], name="policyack_of_subject")]
        constraints = [models.CheckConstraint(condition=_CLAIMED_BEFORE, name="policyack_claimed_not_future")]

    def __str__(self) -> str:
        return gettext("acknowledged {moment}").format(moment=format_time(self.recorded_at))
