"""Consent forms, uploaded answer sheets, and their rows in the matching queue."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.notices.models import NoticeVersion
from consent.register.models import Purpose
from consent.register.models.rows import CodesField, catalogue_owner
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy

__all__ = [
    "CLOSED_UNRECORDED",
    "OPEN_STATES",
    "SHEET_KEYS",
    "AnswerSheet",
    "EntryProblem",
    "EntryState",
    "EntryStep",
    "FormPage",
    "FormPurpose",
    "FormRun",
    "SheetEntry",
    "Step",
]

_KINDS = [(kind.value, kind.value) for kind in ByKind]


class FormRun(models.Model):
    """One consent form for a group: its purposes, people, time and author. It is never changed."""

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"name": Personal.NONE, "actor_role": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    name = models.CharField(
        "group", max_length=100, help_text="The class or group, such as “Grade 7 B”. Do not name people."
    )
    people = models.PositiveIntegerField("people", editable=False)
    actor_kind = models.CharField(max_length=16, choices=_KINDS, editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)
    made_at = models.DateTimeField("made", editable=False)

    class Meta:
        verbose_name = "consent form"
        ordering = ["-made_at", "-id"]
        indexes = [*newest_first("made_at", "formrun_by_time")]

    def __str__(self) -> str:
        """Return the group and the day."""
        return f"{self.name} ({self.made_at:%Y-%m-%d})"


class FormPurpose(models.Model):
    """One purpose of a form, with the notice version printed on it."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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
        """Return the position."""
        return f"question {self.position}"


class FormPage(models.Model):
    """One person's page of a form, with its code and the purposes based on consent for the person's role."""

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"code": Personal.PSEUDONYM, "purposes": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    run = models.ForeignKey(FormRun, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    code = models.CharField(max_length=8)
    purposes = CodesField()
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["client", "code"], name="formpage_code_unique"),
            models.UniqueConstraint(fields=["client", "run", "subject"], name="formpage_once_per_person"),
        ]

    def __str__(self) -> str:
        """Return the code."""
        return self.code


class AnswerSheet(models.Model):
    """One uploaded answer sheet: uploader, counts, and the user who requested confirmation of its rows.

    Unmatched rows are sealed under a key of the sheet, which is deleted when none of them is open.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={
            "kind": Personal.NONE,
            "sha256": Personal.NONE,
            "actor_role": Personal.NONE,
            "confirm_role": Personal.NONE,
            "wrapped": Personal.SECRET,
        },
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField("kind", max_length=8)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField("rows", help_text="Rows with an answer.")
    blank = models.PositiveIntegerField(help_text="Rows without any answer.")
    actor_kind = models.CharField(max_length=16, choices=_KINDS)
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    uploaded_at = models.DateTimeField("uploaded")
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
        indexes = [*newest_first("uploaded_at", "answersheet_by_time")]

    def __str__(self) -> str:
        """Return the upload time."""
        return f"{self.uploaded_at:%Y-%m-%d %H:%M}"

    @property
    def is_under_way(self) -> bool:
        """Return True while a background task confirms its rows."""
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
        _("A guardian answered for a child. Guardians cannot give consent here yet: the row waits."),
    )
    CHILD_GAVE = "child_gave", _("A child consented. A child's own consent does not count: a guardian must answer.")
    OF_AGE = "of_age", _("A guardian answered for a person who is of age and answers for themselves.")
    BEFORE_FORM = "before_form", _("The answer is dated before the form was made.")
    ROWS_DIFFER = "rows_differ", _("Another row for the same code has a different answer.")
    NOT_ON_FORM = "not_on_form", _("It answers a purpose that the person's form did not ask about.")
    LATER_ANSWER = "later_answer", _("The person has since given a different answer.")
    ENDED_SINCE = "ended_since", _("The consent has since been withdrawn or ended: an older form does not restore it.")
    NOTICE_CHANGED = "notice_changed", _("The notice has changed since the form was made: ask again.")
    NOT_CONSENT = "not_consent", _("Consent is no longer the lawful basis of the purpose for this person.")


class SheetEntry(models.Model):
    """One row of an answer sheet in the matching queue.

    ``details`` holds the note, and for an unmatched row the typed code, sealed under the person's key, or the sheet's
    if there is no person. ``recorded`` are the ids of the resulting consent events.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"answers": Personal.NONE, "details": Personal.SEALED, "recorded": Personal.NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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
    answered_on = models.DateField("answered on", help_text="As the sheet says, in the client's time zone.")
    details = SealedField()
    state = models.CharField("state", max_length=16, choices=EntryState)
    problem = models.CharField("why", max_length=24, choices=EntryProblem, blank=True)
    recorded = ArrayField(models.UUIDField(), default=list)
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
                condition=Q(state=EntryState.CONFIRMED) | Q(recorded=[]), name="sheetentry_counts_once_confirmed"
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
        """Return the row number."""
        return f"row {self.number}"

    @property
    def is_open(self) -> bool:
        """Return True if the row is not settled."""
        return self.state in OPEN_STATES


class Step(models.TextChoices):
    """The steps of a row in the queue."""

    CONFIRMED = "confirmed", _("Confirmed")
    CHOSEN = "chosen", _("Recorded despite other rows")
    RESOLVED = "resolved", _("Matched by hand")
    DISMISSED = "dismissed", _("Dismissed")
    MOVED = "moved", _("Judged again")
    EXPIRED = "expired", _("Expired, content deleted")


class EntryStep(models.Model):
    """One step of a row in the queue: who, when, why, and the resulting state."""

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"actor_role": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    entry = models.ForeignKey(SheetEntry, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    step = models.CharField(max_length=16, choices=Step)
    state = models.CharField(max_length=16, choices=EntryState)
    problem = models.CharField(max_length=24, choices=EntryProblem, blank=True)
    reason = models.CharField(max_length=32, choices=Reason, blank=True)
    actor_kind = models.CharField(max_length=16, choices=_KINDS)
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["-taken_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(step__in=[Step.CHOSEN, Step.RESOLVED, Step.DISMISSED]) | ~Q(reason=""),
                name="entrystep_has_a_reason",
            ),
        ]
        indexes = [models.Index(F("client"), F("entry"), F("taken_at").desc(), name="entrystep_of_entry")]

    def __str__(self) -> str:
        """Return the step."""
        return self.get_step_display()


SHEET_KEYS = row_keys(AnswerSheet)
