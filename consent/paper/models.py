"""Consent forms, uploaded answer sheets, and their rows in the matching queue."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Relationship, ServiceAuthorisation
from consent.notices.models import NoticeVersion
from consent.register.models.purposes import CodesField, Purpose, catalogue_owner
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.own_schools import own_schools
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_date, format_time

_KINDS = [(kind.value, kind.value) for kind in ByKind]


class Addressee(models.TextChoices):
    """The person who answers a form."""

    PERSON = "person", _("Each person for themselves")
    GUARDIAN = "guardian", _("The parent or guardian of each child")


class FormRun(TenantRow):
    """One consent form for a group: its purposes, people, time and author. It is never changed.

    On a form for guardians, ``people`` are the children.
    """

    wall = TablePolicy(Scope.TENANT, APPEND, limited=Limited.BY_SCHOOLS, personal=classify(none="name school_ids"))

    name = models.CharField(
        "group", max_length=100, help_text="The class or group, such as “Grade 7 B”. Do not name people."
    )
    people = models.PositiveIntegerField("people", editable=False)
    addressee = models.CharField("who answers", max_length=16, choices=Addressee, default=Addressee.PERSON)
    actor_kind = models.CharField(max_length=16, choices=_KINDS, editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)
    made_at = models.DateTimeField("made", editable=False)
    school_ids = own_schools(made_by="made it")

    class Meta:
        verbose_name = "consent form"
        ordering = ["-made_at", "-id"]
        indexes = [
            *newest_first("made_at", "formrun_by_time"),
            GinIndex(fields=["school_ids"], name="formrun_by_school"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({format_date(self.made_at)})"

    @property
    def for_guardians(self) -> bool:
        return self.addressee == Addressee.GUARDIAN


class FormPurpose(TenantRow):
    """One purpose of a form, with the notice version printed on it."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    run = models.ForeignKey(FormRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    purpose_owner = catalogue_owner()
    notice_version = models.ForeignKey(
        NoticeVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    notice_version_owner = catalogue_owner()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["client", "run", "purpose"], name="formpurpose_once_per_form"),
        ]

    def __str__(self) -> str:
        return f"question {self.position}"


class FormPage(TenantRow):
    """One person's page of a form, with its code and the purposes based on consent for the person's role.

    On a form for guardians the page is about the child. ``notice_hash`` is then the hash of the notice about the
    service, and ``asks_sharing`` says whether the page asks about outside recipients.
    """

    wall = TablePolicy(
        Scope.TENANT, APPEND, disposed_as="evidence", personal=classify(pseudonym="code", none="purposes notice_hash")
    )
    copied = Copied(
        "form_pages",
        _("Forms on paper for you"),
        "group=run__name code purposes made_at=run__made_at",
        titles={"group": _("Group"), "code": _("Code"), "made_at": _("Printed")},
    )

    run = models.ForeignKey(FormRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    code = models.CharField(max_length=8)
    purposes = CodesField()
    notice_hash = models.CharField(max_length=64, blank=True)
    asks_sharing = models.BooleanField(default=False)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["client", "code"], name="formpage_code_unique"),
            models.UniqueConstraint(fields=["client", "run", "subject"], name="formpage_once_per_person"),
        ]

    def __str__(self) -> str:
        return self.code


class AnswerSheet(TenantRow, ActorStamp):
    """One uploaded answer sheet: uploader, counts, and the user who requested confirmation of its rows.

    Unmatched rows are sealed under a key of the sheet, which is deleted when none of them is open.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        limited=Limited.BY_SCHOOLS,
        personal=classify(none="school_ids kind sha256 confirm_role", credential="wrapped"),
    )

    kind = models.CharField("kind", max_length=8)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField("rows", help_text="Rows with an answer.")
    blank = models.PositiveIntegerField(help_text="Rows without any answer.")
    uploaded_at = models.DateTimeField("uploaded")
    school_ids = own_schools(made_by="uploaded it")
    confirm_by = models.UUIDField(null=True)
    confirm_role = models.CharField(max_length=32, blank=True)
    confirm_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)

    class Meta:
        verbose_name = "answer sheet"
        ordering = ["-uploaded_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["client", "sha256"], name="answersheet_once")]
        indexes = [
            *newest_first("uploaded_at", "answersheet_by_time"),
            GinIndex(fields=["school_ids"], name="answersheet_by_school"),
            models.Index(
                fields=["confirm_at"], condition=models.Q(confirm_at__isnull=False), name="answersheet_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return format_time(self.uploaded_at)

    @property
    def is_under_way(self) -> bool:
        return self.confirm_at is not None and (self.confirmed_at is None or self.confirmed_at < self.confirm_at)


class EntryState(models.TextChoices):
    """The states of a row (consent/paper/verdicts.py). Only CONFIRMED has recorded consent events."""

    MATCHED = "matched", _("Matched")
    UNMATCHED = "unmatched", _("Unmatched")
    CONTRADICTORY = "contradictory", _("Contradictory")
    OUTDATED = "outdated", _("Outdated")
    GUARDIAN = "guardian", _("Waiting for a guardian")
    CONFIRMED = "confirmed", _("Confirmed")
    DISMISSED = "dismissed", _("Dismissed")
    EXPIRED = "expired", _("Expired: not matched")


OPEN_STATES = (
    EntryState.MATCHED,
    EntryState.UNMATCHED,
    EntryState.CONTRADICTORY,
    EntryState.OUTDATED,
    EntryState.GUARDIAN,
)
CLOSED_UNRECORDED = (EntryState.DISMISSED, EntryState.EXPIRED)
"""Final states without recorded events."""


class EntryProblem(models.TextChoices):
    """The problems for which a row waits."""

    CODE_MISTYPED = "code_mistyped", _("The code has a typing error.")
    CODE_UNKNOWN = "code_unknown", _("No form of this client has this code.")
    ERASED = "erased", _("The person is erased: nothing can be recorded.")
    GUARDIAN_ANSWERED = (
        "guardian_answered",
        _(
            "A guardian answered on a form for the person. It neither names the guardian nor authorises the service: "
            "print a form for guardians."
        ),
    )
    SIGNER_MISSING = "signer_missing", _("It is not entered which guardian signed the form.")
    SIGNER_UNKNOWN = (
        "signer_unknown",
        _("The person who signed is not, or no longer, named as a guardian of this child."),
    )
    SIGNER_BARRED = (
        "signer_barred",
        _("The guardian who signed may not decide for this child, for example because of a court order."),
    )
    SIGNER_MINOR = "signer_minor", _("The person who signed is a child.")
    SIGNER_NEW = (
        "signer_new",
        _("Only the form names this guardian: a second person must check who signed, and record the row."),
    )
    NOT_SIGNED = "not_signed", _("A guardian's consent by telephone is not signed: it does not verify the guardian.")
    CHILD_GAVE = "child_gave", _("A child consented. A child's own consent does not count: a guardian must answer.")
    OF_AGE = "of_age", _("The person is of age and answers for themselves, not through a guardian.")
    BEFORE_FORM = "before_form", _("The answer is dated before the form was made.")
    RELATIONSHIP_DIFFERS = (
        "relationship_differs",
        _("The form states another relationship than the records: check who signed."),
    )
    OTHER_REFUSED = (
        "other_refused",
        _("Another guardian's refusal is in effect: it takes precedence over this consent."),
    )
    NOT_AUTHORISED = (
        "not_authorised",
        _("The guardian did not say yes to the use of the platform, so no other yes counts."),
    )
    ROWS_DIFFER = "rows_differ", _("Another row for the same code has a different answer.")
    NOT_ON_FORM = "not_on_form", _("It answers a purpose that the person's form did not ask about.")
    LATER_ANSWER = "later_answer", _("The person has since given a different answer.")
    ENDED_SINCE = "ended_since", _("The consent has since been withdrawn or ended: an older form does not restore it.")
    NOTICE_CHANGED = "notice_changed", _("The notice has changed since the form was made: ask again.")
    NOT_CONSENT = "not_consent", _("Consent is no longer the lawful basis of the purpose for this person.")


class SheetEntry(TenantRow):
    """One row of an answer sheet in the matching queue.

    ``details`` holds the note, for an unmatched row the typed code, and the name of a guardian whom only the form
    names, sealed under the person's key, or the sheet's if there is no person. ``recorded`` are the ids of the
    resulting consent events, ``authorisation`` is the resulting answer about the service. ``guardian`` is the guardian
    who signed, ``named_by`` the user who entered a name that is not on file.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="unmatched_answers",
        personal=classify(none="answers recorded relationship", sealed="details"),
    )

    sheet = models.ForeignKey(AnswerSheet, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField("row")
    page = models.ForeignKey(FormPage, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False)
    subject = models.ForeignKey(
        Subject, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    answers = models.JSONField(default=dict, help_text="Purpose → whether yes.")
    given_by = models.CharField(
        "answered by", max_length=16, choices=[("self", _("The data subject")), ("guardian", _("A guardian"))]
    )
    method = models.CharField("method", max_length=16, choices=[("paper", _("On paper")), ("phone", _("By telephone"))])
    guardian = models.ForeignKey(
        Subject, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    relationship = models.CharField("relationship", max_length=16, choices=Relationship, blank=True)
    named_by = models.UUIDField(null=True)
    answered_on = models.DateField("answered on", help_text="As the sheet says, in the client's time zone.")
    details = SealedField()
    state = models.CharField("state", max_length=16, choices=EntryState)
    problem = models.CharField("why", max_length=24, choices=EntryProblem, blank=True)
    recorded = ArrayField(models.UUIDField(), default=list)
    authorisation = models.ForeignKey(
        ServiceAuthorisation, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    entered_at = models.DateTimeField("entered")

    class Meta:
        verbose_name = "answer in the queue"
        verbose_name_plural = "answers in the queue"
        ordering = ["-entered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "sheet", "number"], name="sheetentry_row_once"),
            models.CheckConstraint(
                condition=Q(page=None, subject=None) | Q(page__isnull=False, subject__isnull=False),
                name="sheetentry_page_is_somebodys",
            ),
            models.CheckConstraint(
                condition=~Q(page=None) | Q(state__in=[EntryState.UNMATCHED, *CLOSED_UNRECORDED]),
                name="sheetentry_matched_has_a_page",
            ),
            models.CheckConstraint(
                condition=Q(state=EntryState.CONFIRMED) | Q(recorded=[], authorisation=None),
                name="sheetentry_counts_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(guardian=None) | Q(subject=None) | ~Q(subject=F("guardian")),
                name="sheetentry_guardian_of_another",
            ),
            models.CheckConstraint(
                condition=Q(given_by="guardian") | Q(guardian=None, named_by=None, relationship=""),
                name="sheetentry_guardian_signed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[EntryState.MATCHED, EntryState.CONFIRMED, EntryState.DISMISSED])
                | ~Q(problem=""),
                name="sheetentry_waits_for_a_reason",
            ),
        ]
        indexes = [
            *newest_first("entered_at", "sheetentry_by_time"),
            *newest_first("entered_at", "sheetentry_by_state", by="state"),
            models.Index(fields=["client", "sheet", "state", "number"], name="sheetentry_of_sheet"),
            models.Index(fields=["client", "page"], name="sheetentry_of_page"),
        ]

    def __str__(self) -> str:
        return gettext("Row {row}").format(row=self.number)

    @property
    def is_open(self) -> bool:
        """Return True if the row is not settled."""
        return self.state in OPEN_STATES

    @property
    def names_new_guardian(self) -> bool:
        """Return True if only the form names the guardian who signed."""
        return self.guardian_id is None and self.named_by is not None


class Step(models.TextChoices):
    """The steps of a row in the queue."""

    CONFIRMED = "confirmed", _("Confirmed")
    CHOSEN = "chosen", _("Recorded despite other rows")
    RESOLVED = "resolved", _("Matched by hand")
    SIGNER = "signer", _("Guardian entered")
    DISMISSED = "dismissed", _("Dismissed")
    MOVED = "moved", _("Judged again")
    EXPIRED = "expired", _("Expired, content deleted")


class EntryStep(TenantRow, ActorStamp):
    """One step of a row in the queue: who, when, why, and the resulting state."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    entry = models.ForeignKey(SheetEntry, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    step = models.CharField(max_length=16, choices=Step)
    state = models.CharField(max_length=16, choices=EntryState)
    problem = models.CharField(max_length=24, choices=EntryProblem, blank=True)
    reason = models.CharField(max_length=32, choices=Reason, blank=True)
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["-taken_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(step__in=[Step.CHOSEN, Step.RESOLVED, Step.SIGNER, Step.DISMISSED]) | ~Q(reason=""),
                name="entrystep_has_a_reason",
            ),
        ]
        indexes = [models.Index(F("client"), F("entry"), F("taken_at").desc(), name="entrystep_of_entry")]

    def __str__(self) -> str:
        return self.get_step_display()


SHEET_KEYS = row_keys(AnswerSheet)
