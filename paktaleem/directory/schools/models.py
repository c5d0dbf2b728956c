"""Schools, terms, classes and enrolments, as rosters and the learning platform state them (OneRoster 1.1 and 1.2)."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.fields import GRADE_LIMIT
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, Personal, TablePolicy, classify
from paktaleem.foundation.text.times import format_time

NAME_LIMIT = 255


class Origin(models.TextChoices):
    """Source that first stated a row. A complete roster ends only rows of an earlier roster."""

    ROSTER = "roster", _("Roster")
    API = "api", _("Learning platform")
    STAFF = "staff", _("Staff")


class SchoolKind(models.TextChoices):
    """Kind of an organisation (OneRoster ``orgs.type``)."""

    SCHOOL = "school", _("School")
    DISTRICT = "district", _("District")
    DEPARTMENT = "department", _("Department")
    LOCAL = "local", _("Local authority")
    STATE = "state", _("Provincial authority")
    NATIONAL = "national", _("National authority")
    OTHER = "other", _("Other")


class TermKind(models.TextChoices):
    """Kind of a term (OneRoster ``academicSessions.type``)."""

    SCHOOL_YEAR = "school_year", _("School year")
    SEMESTER = "semester", _("Semester")
    TERM = "term", _("Term")
    GRADING_PERIOD = "grading_period", _("Grading period")
    OTHER = "other", _("Other")


class ClassKind(models.TextChoices):
    """Kind of a class (OneRoster ``classes.classType``)."""

    HOMEROOM = "homeroom", _("Homeroom")
    SCHEDULED = "scheduled", _("Course")
    OTHER = "other", _("Other")


class EnrolmentRole(models.TextChoices):
    """Role of a person in a class (OneRoster ``enrollments.role``)."""

    STUDENT = "student", _("Student")
    TEACHER = "teacher", _("Teacher")
    PROCTOR = "proctor", _("Proctor")
    ADMINISTRATOR = "administrator", _("Administrator")
    OTHER = "other", _("Other")


class Sourced(TenantRow):
    """Columns of a row with an id in the school's system; ``ended_at`` is when the portal learned it is not listed."""

    external_id = models.CharField("LMS id", max_length=255)
    origin = models.CharField("stated by", max_length=16, choices=Origin)
    recorded_at = models.DateTimeField("recorded")
    changed_at = models.DateTimeField("changed")
    ended_at = models.DateTimeField("ended", null=True)

    class Meta:
        abstract = True


_NAMED = dict.fromkeys(("external_id", "origin", "kind"), Personal.NONE)


class School(Sourced):
    """One school, or an organisation above schools such as a district (OneRoster ``orgs``)."""

    wall = TablePolicy(EDIT, personal={**_NAMED, "name": Personal.NONE}, limited=Limited.READ)

    name = models.CharField(max_length=NAME_LIMIT)
    kind = models.CharField(max_length=16, choices=SchoolKind)
    parent = RowKey("self", null=True, verbose_name="part of")

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [unique_in_client("school_external_id_unique", "external_id")]
        indexes = [
            *newest_first("recorded_at", "school_by_time"),
            *newest_first("recorded_at", "school_by_kind", by="kind"),
            *newest_first("recorded_at", "school_ended", condition=Q(ended_at__isnull=False)),
            *newest_first("recorded_at", "school_open", condition=Q(ended_at=None)),
            models.Index(fields=["client", "name", "id"], name="school_by_name"),
            models.Index(Collate("name", "C"), name="school_by_first_letters"),
            models.Index(Collate("external_id", "C"), name="school_by_lms_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Term(Sourced):
    """One term or school year (OneRoster ``academicSessions``), ``[starts_on, ends_on)``; None: not readable."""

    wall = TablePolicy(EDIT, personal={**_NAMED, "title": Personal.NONE}, limited=Limited.READ)

    title = models.CharField(max_length=NAME_LIMIT)
    kind = models.CharField(max_length=16, choices=TermKind)
    starts_on = models.DateField("from", null=True)
    ends_on = models.DateField("until", null=True)
    parent = RowKey("self", null=True, verbose_name="part of")

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [unique_in_client("term_external_id_unique", "external_id")]
        indexes = [*newest_first("recorded_at", "term_by_time")]

    def __str__(self) -> str:
        return self.title


class SchoolClass(Sourced):
    """One class of a school (OneRoster ``classes``); ``grade`` is that of its pupils without one, empty for several."""

    wall = TablePolicy(
        EDIT, personal={**_NAMED, "title": Personal.NONE, "grade": Personal.NONE}, limited=Limited.CLASSES
    )

    title = models.CharField(max_length=NAME_LIMIT)
    kind = models.CharField(max_length=16, choices=ClassKind)
    grade = models.CharField(max_length=GRADE_LIMIT, blank=True, default="", db_default="")
    school = RowKey(School, null=True)

    class Meta:
        verbose_name = "class"
        verbose_name_plural = "classes"
        ordering = ["-recorded_at", "-id"]
        constraints = [unique_in_client("schoolclass_external_id_unique", "external_id")]
        indexes = [
            *newest_first("recorded_at", "schoolclass_by_time"),
            *newest_first("recorded_at", "schoolclass_by_kind", by="kind"),
            *newest_first("recorded_at", "schoolclass_ended", condition=Q(ended_at__isnull=False)),
            *newest_first("recorded_at", "schoolclass_open", condition=Q(ended_at=None)),
            models.Index(fields=["client", "school", "title", "id"], name="schoolclass_of_school"),
            models.Index(fields=["client", "grade"], name="schoolclass_by_grade"),
            models.Index(Collate("title", "C"), name="schoolclass_by_title"),
            models.Index(Collate("external_id", "C"), name="schoolclass_by_lms_id"),
        ]

    def __str__(self) -> str:
        return self.title


class ClassTerm(TenantRow):
    """One term in which a class takes place."""

    wall = TablePolicy(EDIT | {"DELETE"}, limited=Limited.CLASSES)

    school_class = RowKey(SchoolClass)
    term = RowKey(Term)

    class Meta:
        constraints = [unique_in_client("classterm_once", "school_class", "term")]


class Enrolment(TenantRow):
    """One period ``[starts_on, ends_on)`` of one person in one class, in one role.

    ``stated_on`` is the first day as stated; ``starts_on`` is later if the source replaced the class without a new
    first day. A person who comes back has two rows. ``ended_at`` is when the portal learned of the end; until then a
    later statement may change the days. Rows are deleted only with the erasure of their person.
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        disposed_as="person",
        limited=Limited.CLASSES,
        personal=classify(pseudonym="external_id", none="origin role"),
    )
    copied = Copied(
        "enrolments",
        _("Your schools and classes"),
        "school=school_class__school__name class=school_class__title role starts_on ends_on recorded_at",
        titles={"starts_on": _("From"), "ends_on": _("Until")},
        category="organisation",
    )

    school_class = RowKey(SchoolClass)
    subject = RowKey(Subject)
    role = models.CharField(max_length=16, choices=EnrolmentRole)
    external_id = models.CharField(max_length=255, blank=True, default="")
    origin = models.CharField(max_length=16, choices=Origin)
    stated_on = models.DateField(null=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            unique_in_client(
                "enrolment_open_once", "school_class", "subject", "role", "starts_on", where=Q(ended_at=None)
            ),
            unique_in_client(
                "enrolment_open_external_id_unique", "external_id", where=Q(ended_at=None) & ~Q(external_id="")
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="enrolment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ends_on__isnull=False), name="enrolment_ended_has_last_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.starts_on}"


class RosterState(models.TextChoices):
    CHECKING = "checking", _("Being checked")
    REFUSED = "refused", _("Refused")
    READY = "ready", _("Ready to import")
    STOPPED = "stopped", _("Stopped: too much would be lost")
    APPLYING = "applying", _("Being imported")
    DONE = "done", _("Imported")
    CHANGED = "changed", _("Not imported: check it again")
    DISCARDED = "discarded", _("Discarded")
    EXPIRED = "expired", _("Expired")


class RosterImport(TenantRow, ActorStamp):
    """One uploaded roster, with numbers of its trial and import; file and findings are sealed under its own key."""

    wall = TablePolicy(
        EDIT,
        disposed_as="roster_files",
        personal=classify(
            none="kind sha256 confirmed_role plan counts failure", sealed="details", credential="wrapped"
        ),
        left_out_of_copies="an upload about many people, deleted within a day; each person’s details are listed",
    )

    state = models.CharField(max_length=16, choices=RosterState, default=RosterState.CHECKING)
    kind = models.CharField(max_length=32, blank=True)
    everybody = models.BooleanField("names everyone", default=False)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.BinaryField(max_length=32)
    uploaded_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    confirmed_by = models.UUIDField(null=True)
    confirmed_role = models.CharField(max_length=32, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    plan = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    failure = models.CharField(max_length=32, blank=True)
    details = SealedField()
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)

    class Meta:
        verbose_name = "roster import"
        ordering = ["-uploaded_at", "-id"]
        indexes = [
            *newest_first("uploaded_at", "rosterimport_by_time"),
            *newest_first("uploaded_at", "rosterimport_by_state", by="state"),
            models.Index(fields=["uploaded_at"], condition=models.Q(wrapped__isnull=False), name="rosterimport_stored"),
        ]

    def __str__(self) -> str:
        return gettext("Roster of {moment}").format(moment=format_time(self.uploaded_at))

    @property
    def is_under_way(self) -> bool:
        return self.state in {RosterState.CHECKING, RosterState.APPLYING}

    @property
    def is_kept(self) -> bool:
        return self.state in {RosterState.READY, RosterState.STOPPED, RosterState.CHANGED}


class RosterChunk(TenantRow):
    """A sealed part of an uploaded roster. Deleted when the roster is imported, discarded or expired."""

    wall = TablePolicy(
        APPEND | {"DELETE"},
        officer=False,
        disposed_as="roster_files",
        personal=classify(sealed="sealed"),
        left_out_of_copies="an upload about many people, deleted within a day; each person’s details are listed",
    )

    roster = RowKey(RosterImport)
    number = models.PositiveIntegerField()
    sealed = SealedField()

    class Meta:
        constraints = [unique_in_client("rosterchunk_in_order", "roster", "number")]


ROSTER_KEYS = row_keys(RosterImport)
