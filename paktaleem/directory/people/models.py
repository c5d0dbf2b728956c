"""Data subjects: their roles, keys and events, guardian claims, proposed age changes, links of records, accesses."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Collate
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.people.ages import AgeSource, is_child, may_be_child_until
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.fields import GRADE_LIMIT, PERSONAL
from paktaleem.foundation.accounts.due import Due, due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import ActorStamp, History, Tracked
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Personal, TablePolicy, classify
from paktaleem.foundation.text.places import CountryField
from paktaleem.foundation.text.times import format_date, format_time

AGE_SOURCES = {
    AgeSource.BIRTH_DATE: _("Birth date"),
    AgeSource.ATTESTED: _("Attested by the school"),
    AgeSource.PROVIDER: _("Checked by a provider"),
    AgeSource.DECLARED: _("Declared by the person"),
}
"""Labels of the age sources, strongest first."""


class AgeRoute(models.TextChoices):
    """Route by which an age change was proposed."""

    API = "api", _("The learning platform")
    ROSTER = "roster", _("A roster")
    CONSOLE = "console", _("The console")


class AgeChange(RequestedChange):
    """One proposed birth date, age or role that would let a child decide for themselves; not yet in effect.

    It is sealed under the child's key; by ``proposal_index``, a keyed hash, a repeated proposal is recognised.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="person",
        personal=classify(sealed="proposal", pseudonym="proposal_index", none="requested_kind ground"),
    )
    copied = Copied(
        "age_changes",
        _("Proposed changes of your age"),
        "proposal route state requested_at settled_at",
        category="contact_details",
    )

    subject = RowKey("people.Subject")
    proposal = SealedField()
    proposal_index = models.BinaryField(max_length=32)
    route = models.CharField(max_length=16, choices=AgeRoute)

    due = (due_by_second_person(_("Changes of ages"), Capability.APPROVE_CHANGES),)

    class Meta:
        verbose_name = "age change"
        verbose_name_plural = "age changes"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("agechange_one_waiting", "subject", where=Q(state=ChangeState.WAITING)),
            *second_person_constraints("agechange"),
            has_a_ground("agechange", of=Q(requested_kind=ByKind.USER.value, route=AgeRoute.CONSOLE.value)),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "id"], name="agechange_of_subject"),
            *newest_first("requested_at", "agechange_by_time"),
            *newest_first("requested_at", "agechange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class SubjectRole(models.TextChoices):
    """A person's role at the client (policy, Definitions)."""

    STUDENT = "student", _("Student")
    LEARNER = "learner", _("Learner")
    INSTRUCTOR = "instructor", _("Instructor")
    ADMINISTRATOR = "administrator", _("Administrator")
    GUARDIAN = "guardian", _("Guardian")
    CONTACT = "contact", _("Contact")
    """a person outside the learning platform who turned to PakTaleem: a visitor, a former member of staff"""


SEVERAL_ROLES = ~Q(other_roles=[])
"""Condition of people with several roles, for partial indexes."""


class HasSeveralRoles(Func):
    """The same condition for filters, as a literal: with a parameter, PostgreSQL could not use the partial indexes."""

    template = "NOT (%(expressions)s = '{}'::varchar(16)[])"
    output_field = models.BooleanField()

    def __init__(self) -> None:
        super().__init__(F("other_roles"))


def having_role(role: str) -> Q:
    """Return a filter for people who have a role, as their main role or besides it."""
    return having_any_role([role])


def having_any_role(roles: Iterable[str], *, of: str = "") -> Q:
    """Return a filter for people who have one of the roles; ``of`` is the lookup prefix from a row to its person."""
    wanted = [str(role) for role in roles]
    return Q(**{f"{of}role__in": wanted}) | Q(**{f"{of}other_roles__overlap": wanted})


LOOKED_UP = ("email_index", "phone_index", "name_index", "details_index")
"""Keyed hashes by which people are found or compared."""
_EMPTY = dict.fromkeys((*LOOKED_UP, *PERSONAL))
_KEPT, _ERASED = Q(erased_at=None), Q(erased_at__isnull=False)
_BEING_ERASED = Q(erasure_started_at__isnull=False, erased_at=None)
_AGE_UNKNOWN, _ROLES = Q(of_age_at=None, erased_at=None), ("role", "other_roles")
"""Conditions of partial indexes for the console's lists (see ``newest_first``)."""


def _where_known(column: str, name: str) -> models.Index:
    return models.Index(fields=["client", column], condition=Q(**{f"{column}__isnull": False}), name=name)


class AgeGate(TypedDict):
    """From which age people decide for themselves at a client, and whether it serves minors."""

    thresholds: Thresholds
    serves_minors: bool


_COUNTRY = "Country of residence (ISO 3166). Empty: the institution's country."


class Subject(TenantRow, Tracked):
    """One data subject of one client. Personal fields are sealed under the person's own key.

    ``of_age_at`` is in clear, because the decision needs it without a key: when a child reaches the client's threshold;
    1970 for adults; None if unknown. It is valid only while the threshold for ``country`` (of residence; empty: the
    institution's) equals ``of_age_threshold`` (None: it depends on no threshold, as for guardians).

    ``is_enabled`` is what the latest roster said, ``account_closed_at`` the time of the closing in force; decisions
    read both. From ``erasure_started_at`` on the data may only be deleted; after ``erased_at`` only ``tombstone``, a
    keyed hash of the LMS id, identifies the person. ``grade`` is in clear, because people are selected by it.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="person",
        personal={
            **dict.fromkeys(("other_roles", "language", "country", "grade"), Personal.NONE),
            **dict.fromkeys(("external_id", *LOOKED_UP, "tombstone"), Personal.PSEUDONYM),
            **dict.fromkeys(PERSONAL, Personal.SEALED),
        },
    )

    external_id = models.CharField("LMS id", max_length=255, null=True)  # noqa: DJ001 -- null once erased, and then not unique
    role = models.CharField(max_length=16, choices=SubjectRole)
    other_roles = ArrayField(models.CharField(max_length=16, choices=SubjectRole), default=list, db_default=[])
    language = models.CharField(max_length=8, default="en")
    full_name = SealedField()
    email = SealedField()
    phone = SealedField()
    birth_date = SealedField()
    attested_age = SealedField()
    declared_age = SealedField()
    age_check = SealedField()
    email_index = models.BinaryField(max_length=32, null=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    name_index = models.BinaryField(max_length=32, null=True)
    details_index = models.BinaryField(max_length=32, null=True)
    tombstone = models.BinaryField(max_length=32, null=True)
    of_age_at = models.DateTimeField(null=True)
    of_age_threshold = models.PositiveSmallIntegerField(null=True)
    country = CountryField(max_length=2, blank=True, default="", db_default="", help_text=_COUNTRY)
    grade = models.CharField(max_length=GRADE_LIMIT, blank=True, default="", db_default="")
    is_enabled = models.BooleanField(default=True)
    account_closed_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    erasure_started_at = models.DateTimeField("erasure confirmed at", null=True)
    erased_at = models.DateTimeField(null=True)
    same_person = models.UUIDField(null=True, help_text="The main record, if several records are one person.")

    history = History(excluded_fields=["external_id", *LOOKED_UP, "tombstone"])

    class Meta:
        verbose_name = "data subject"
        ordering = ["-registered_at", "-id"]
        constraints = [
            unique_in_client("subject_external_id_unique", "external_id"),
            models.CheckConstraint(
                condition=Q(external_id=None) | (~Q(external_id__contains="@") & ~Q(external_id="")),
                name="subject_external_id_is_no_address",
            ),
            models.CheckConstraint(
                condition=Q(other_roles__contained_by=SubjectRole.values) & ~Q(other_roles__contains=[F("role")]),
                name="subject_other_roles_besides_role",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None, tombstone=None)
                | Q(tombstone__isnull=False, external_id=None, of_age_at=None, country="", grade="", **_EMPTY),
                name="subject_erased_holds_nothing",
            ),
        ]
        indexes = [
            _where_known("email_index", "subject_by_email"),
            _where_known("phone_index", "subject_by_phone"),
            _where_known("name_index", "subject_by_name"),
            _where_known("tombstone", "subject_by_tombstone"),
            _where_known("same_person", "subject_by_same_person"),
            *newest_first("registered_at", "subject_by_registration"),
            *newest_first("registered_at", "subject_kept", condition=_KEPT),
            *newest_first("registered_at", "subject_being_erased", condition=_BEING_ERASED),
            *newest_first("registered_at", "subject_erased", condition=_ERASED),
            models.Index(fields=["erased_at"], condition=_ERASED, name="subject_by_erasure"),
            *newest_first("registered_at", "subject_age_unknown", condition=_AGE_UNKNOWN, include=_ROLES),
            models.Index(fields=["client", "changed_at", "id"], condition=_KEPT, name="subject_by_change"),
            *newest_first("registered_at", "subject_by_role", by="role"),
            *newest_first("registered_at", "subject_several_roles", condition=SEVERAL_ROLES),
            models.Index(
                fields=["client", "role", "changed_at", "id"], condition=_KEPT, name="subject_by_role_and_change"
            ),
            models.Index(
                fields=["client", "changed_at", "id"], condition=SEVERAL_ROLES & _KEPT, name="subject_roles_by_change"
            ),
            *newest_first("registered_at", "subject_by_grade", by="grade", condition=~Q(grade="")),
            models.Index(fields=["client", "of_age_at", "id"], name="subject_by_of_age"),
            models.Index(fields=["of_age_at", "id"], name="subject_by_of_age_all"),
            models.Index(F("client"), Collate("external_id", "C"), F("id"), name="subject_by_lms_id"),
            models.Index(Collate("external_id", "C"), F("id"), name="subject_by_lms_id_all"),
        ]

    def __str__(self) -> str:
        """Return the pseudonym, never a name."""
        return gettext("erased") if self.erased_at else (self.external_id or str(self.id))

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role, *self.other_roles)

    @property
    def is_being_erased(self) -> bool:
        return self.erasure_started_at is not None and self.erased_at is None

    @property
    def is_recorded(self) -> bool:
        """True until the person's erasure is confirmed: after that, nothing new is recorded about them."""
        return self.erased_at is None and not self.is_being_erased

    @property
    def is_account_open(self) -> bool:
        return self.is_enabled and self.account_closed_at is None

    @property
    def age_sources(self) -> list[AgeSource]:
        """Sources that state the person's age, strongest first; the statements stay sealed."""
        columns = zip(AgeSource, ("birth_date", "attested_age", "age_check", "declared_age"), strict=True)
        return [source for source, column in columns if getattr(self, column) is not None]

    def of_age_for(self, thresholds: Thresholds) -> datetime | None:
        """Return when the person reaches their country's threshold; None if unknown or not yet recomputed."""
        return self.of_age_at if self.of_age_threshold in {None, thresholds.of(self.country)} else None

    def is_child(self, at: datetime, *, thresholds: Thresholds, serves_minors: bool) -> bool:
        """Return True if a guardian decides for this person, also at an unknown age where minors are served."""
        threshold = thresholds.of(self.country)
        until = may_be_child_until(self.of_age_at, computed_for=self.of_age_threshold, threshold=threshold)
        of_age_at = self.of_age_for(thresholds)
        return is_child(self.roles, of_age_at, at=at, serves_minors=serves_minors, may_be_until=until)

    def counts_as_child(self, at: datetime) -> bool:
        """Return True if a guardian decides for this person at a time, by the thresholds of the client."""
        return self.is_child(at, thresholds=self.client.thresholds, serves_minors=self.client.serves_minors)


class SubjectKey(TenantRow):
    """One person's wrapped data key. Deleting this row erases the person (cryptographic erasure)."""

    wall = TablePolicy(
        EDIT | {"DELETE"},
        officer=False,
        personal=classify(credential="wrapped"),
        left_out_of_copies="an encryption key, without data",
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        constraints = [unique_in_client("subjectkey_one_per_person", "subject")]


_RELATIONSHIPS = {"parent": _("Parent"), "guardian": _("Guardian"), "relative": _("Relative"), "other": _("Other")}


class GuardianClaim(TenantRow, Tracked):
    """One guardian relation claimed by a school. Neither consent nor verified authority."""

    wall = TablePolicy(EDIT)
    copied = Copied(
        "guardian_claims",
        _("Guardians claimed by the roster"),
        "part relationship starts_at ends_at",
        of=("child", "guardian"),
    )

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    guardian = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    relationship = models.CharField(max_length=16, choices=_RELATIONSHIPS)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = "claimed guardian"
        ordering = ["-starts_at", "-id"]
        constraints = [
            unique_in_client("guardianclaim_once_per_pair", "child", "guardian"),
            models.CheckConstraint(condition=~Q(child=models.F("guardian")), name="guardianclaim_not_of_oneself"),
        ]
        indexes = [
            models.Index(fields=["client", "guardian"], name="guardianclaim_by_guardian"),
            *newest_first("starts_at", "guardianclaim_by_time"),
            *newest_first("starts_at", "guardianclaim_by_relation", by="relationship"),
        ]

    def __str__(self) -> str:
        return self.get_relationship_display()


class AccessRecord(TenantRow, ActorStamp):
    """One access to a person's sealed fields: who, why, which fields, when. Append-only evidence."""

    wall = TablePolicy(APPEND, disposed_as="evidence", personal=classify(none="fields"))
    copied = Copied(
        "access_records",
        _("Who looked at your data"),
        "looked_at reason fields by",
        titles={"looked_at": _("Looked at"), "fields": _("Fields shown")},
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    reason = models.CharField(max_length=32, choices=Reason)
    fields = models.CharField(max_length=200, help_text="Names of the fields shown.")
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ["-looked_at", "-id"]
        indexes = [
            models.Index(fields=["client", "subject", "-looked_at", "-id"], name="accessrecord_of_subject"),
            *newest_first("looked_at", "accessrecord_by_time"),
            *newest_first("looked_at", "accessrecord_by_reason", by="reason"),
        ]

    def __str__(self) -> str:
        return f"{format_time(self.looked_at)} {self.reason}"


class SubjectEventKind(models.TextChoices):
    ACTIVE = "active", "Account in use"
    ACCOUNT_CLOSED = "account_closed", "Account closed"


class SubjectEvent(TenantRow, ActorStamp):
    """One event of a person's account in the learning platform. Append-only evidence."""

    wall = TablePolicy(APPEND)
    copied = Copied("account_events", _("Events of your account"), "kind happened_at recorded_at by")

    subject = RowKey(Subject)
    kind = models.CharField(max_length=16, choices=SubjectEventKind)
    happened_at = models.DateTimeField(help_text="As stated by the client.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-happened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(happened_at__lte=models.F("recorded_at")), name="subjectevent_happened_before"
            )
        ]
        indexes = [models.Index(fields=["client", "subject", "kind", "happened_at"], name="subjectevent_of_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {format_date(self.happened_at)}"


class Readmission(TenantRow, Tracked):
    """One request to let an erased person be registered again, with its approval by a second person."""

    wall = TablePolicy(
        EDIT, left_out_of_copies="about erased people only, who have no copy", personal=classify(none="ground")
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    ground = models.TextField(max_length=2000, blank=True)
    requested_by = models.UUIDField(editable=False)
    requested_at = models.DateTimeField(editable=False)
    approved_by = models.UUIDField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)

    history = History()

    due = (
        Due(
            label=_("Readmissions to approve"),
            note=_("a second officer must approve"),
            who=Capability.ERASE_SUBJECTS,
            rows=Q(approved_at=None),
            query="state=pending",
            since="requested_at",
        ),
    )

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("readmission_one_per_erased_person", "subject"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("requested_by")),
                name="readmission_by_two_people",
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="readmission_has_a_ground"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, approved_at__gte=models.F("requested_at")),
                name="readmission_approved_after_request",
            ),
        ]
        indexes = [
            *newest_first("requested_at", "readmission_by_time"),
            *newest_first("requested_at", "readmission_waiting", condition=Q(approved_at=None)),
            *newest_first("requested_at", "readmission_approved", condition=Q(approved_at__isnull=False)),
        ]

    def __str__(self) -> str:
        template = gettext("Requested {day}, approved") if self.approved_at else gettext("Requested {day}")
        return template.format(day=format_date(self.requested_at))


class MergeKind(models.TextChoices):
    """Proposal about two records."""

    LINK = "link", _("They are one person")
    UNDO = "undo", _("They are not one person")


class PersonMerge(RequestedChange):
    """One proposal that ``other`` is the same person as ``main``, or, with ``undoes``, that this link is wrong.

    An approved link sets ``Subject.same_person`` of both records to the main one. Rows are never deleted, so that past
    decisions can be explained. ``main`` may have several others; a record is in one link at most.
    """

    wall = TablePolicy(EDIT, disposed_as="evidence", personal=classify(none="kind reason requested_kind ground"))
    copied = Copied(
        "merges", _("Your records that belong together"), "kind state requested_at settled_at", of=("main", "other")
    )

    kind = models.CharField(max_length=8, choices=MergeKind)
    main = RowKey(Subject, verbose_name="main record")
    other = RowKey(Subject, verbose_name="other record")
    undoes = RowKey("self", null=True, editable=False)
    reason = models.CharField(max_length=32, choices=Reason)

    class Meta:
        verbose_name = "link of records"
        verbose_name_plural = "records of one person"
        ordering = ["-requested_at", "-id"]
        constraints = [
            *second_person_constraints("personmerge"),
            has_a_ground("personmerge"),
            models.CheckConstraint(condition=~Q(main=F("other")), name="personmerge_of_two_records"),
            models.CheckConstraint(
                condition=Q(kind=MergeKind.LINK, undoes=None) | Q(kind=MergeKind.UNDO, undoes__isnull=False),
                name="personmerge_undoes_a_link",
            ),
            unique_in_client("personmerge_one_waiting", "other", where=Q(state=ChangeState.WAITING)),
            unique_in_client("personmerge_undone_once", "undoes", where=Q(state=ChangeState.APPROVED)),
        ]
        indexes = [
            models.Index(fields=["client", "main"], name="personmerge_of_main"),
            models.Index(fields=["client", "other"], name="personmerge_of_other"),
            *newest_first("requested_at", "personmerge_by_time"),
            *newest_first("requested_at", "personmerge_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
