"""Guardianships, verifications and answers; declared mechanisms, providers' checks, conflicts and quarantines."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.authority import Method, Strength
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.accounts.due import Due, due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class AuthoredRow(TenantRow):
    """A row that is written once, with the actor who wrote it."""

    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)

    class Meta:
        abstract = True


def _is_ordered(name: str, start: str = "starts_at", end: str = "ends_at", than: str = "gte") -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{end: None}) | Q(**{f"{end}__{than}": F(start)}), name=name)


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
    """Labels of the verification methods in ``children.guardians.authority``."""

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
    """Labels of the verification strengths in ``children.guardians.authority``."""

    BASIC = Strength.BASIC.value, _("Basic: for internal use only")
    SUBSTANTIAL = Strength.SUBSTANTIAL.value, _("Substantial")
    HIGH = Strength.HIGH.value, _("High")


class GuardianshipQuerySet(TrackedQuerySet["Guardianship"]):
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
    """One guardianship in [starts_at, ends_at), never reopened; authority needs a verification, too."""

    wall = TablePolicy(EDIT, disposed_as="person", personal=classify(sealed="court_order_note"))
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
            _is_ordered("guardianship_period"),
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
        EDIT,
        disposed_as="person",
        personal=classify(sealed="evidence_reference", pseudonym="evidence_sha256 provider_check_id", none="provider"),
    )
    copied = Copied(
        "guardian_verifications",
        _("Verifications of you as a guardian"),
        "method strength provider verified_at expires_at ended_at",
        of=("guardianship__guardian",),
        titles={"ended_at": _("Found false")},
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
            _is_ordered("verification_period", "verified_at", "expires_at", "gt"),
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
    """A guardian's answer, or a child's refusal; ``shares`` (16 CFR 312.5(a)(2)) is None if not asked. Append-only."""

    wall = TablePolicy(
        APPEND, disposed_as="person", personal=classify(sealed="evidence_reference", none="shown_hash language")
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
            _is_ordered("serviceauthorisation_period", "recorded_at", "expires_at", "gt"),
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
    """A school's own authorisation (34 CFR 99.31(a)(1)(i)(B)); it is no consent and permits nothing (policy §8)."""

    wall = TablePolicy(EDIT, disposed_as="person", personal=classify(none="contract_reference", sealed="official"))
    copied = Copied(
        "school_authorisations",
        _("Authorisations by the school"),
        "contract=contract_reference starts_at ends_at",
        of=("child",),
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
            _is_ordered("schoolauthorisation_period"),
            unique_in_client("schoolauthorisation_one_open", "child", where=Q(ends_at=None)),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="schoolauthorisation_of_child"),
            *newest_first("starts_at", "schoolauth_by_time"),
        ]

    def __str__(self) -> str:
        return self.contract_reference


class MechanismKind(models.TextChoices):
    """The kind of mechanism that a client declares."""

    AGE = "age", _("Age verification")
    CONSENT = "consent", _("Guardians' consent")


class ChildMechanism(TenantRow, Tracked):
    """A client's declaration of how it verifies ages or obtains guardians' consent, for a period (policy §8)."""

    wall = TablePolicy(
        EDIT, personal=classify(none="description description_ur reference provider"), limited=Limited.READ
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
            _is_ordered("childmechanism_period"),
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
    """A provider's check, without its evidence; the row's id is its reference, so a repeated call starts no second."""

    wall = TablePolicy(
        EDIT,
        disposed_as="person",
        personal=classify(none="provider answer_to", pseudonym="provider_check_id", sealed="url"),
    )
    copied = Copied(
        "provider_checks",
        _("Checks of you by a provider"),
        "provider method state started_at finished_at",
        of=("guardianship__guardian",),
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
        return self.state == CheckState.REQUESTED

    @property
    def is_open(self) -> bool:
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

    wall = TablePolicy(EDIT, personal=classify(none="purpose_code"))
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
    """A change that permits more: fields of a guardianship with values, or the ``verification`` to confirm.

    ``note`` is the note on a court order, sealed under the child's key.
    """

    wall = TablePolicy(
        EDIT, disposed_as="person", personal=classify(none="changes requested_kind ground", sealed="note")
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

    wall = TablePolicy(EDIT)
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
            _is_ordered("quarantine_period"),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="quarantine_of_subject"),
            *newest_first("starts_at", "quarantine_by_time"),
            *newest_first("starts_at", "quarantine_open", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        return gettext("quarantined since {day}").format(day=format_date(self.starts_at))
