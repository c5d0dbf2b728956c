"""Consent forms, and the answers typed from them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from children.guardians.models import ServiceAuthorisation
from consent.notices.models import NoticeVersion
from consent.register.models.purposes import CodesField, Purpose, catalogue_owner
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, own_schools, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, TablePolicy, classify
from paktaleem.foundation.text.times import format_date

_KINDS = [(kind.value, kind.value) for kind in ByKind]


SERVICE = "platform-use"
"""The answer about the service, beside those to purposes. With a hyphen, so that no purpose has this code."""
SHARING = "outside-recipients"
"""The separate answer about outside recipients (COPPA, 16 CFR 312.5(a)(2))."""


class Addressee(models.TextChoices):
    """The person who answers a form."""

    PERSON = "person", _("Each person for themselves")
    GUARDIAN = "guardian", _("The parent or guardian of each child")


class FormRun(TenantRow):
    """One consent form for a group: its purposes, people (of a form for guardians the children), time and author."""

    wall = TablePolicy(APPEND, limited=Limited.BY_SCHOOLS, personal=classify(none="name school_ids"))

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
    def reference(self) -> str:
        return self.pk.hex[-6:].upper()

    @property
    def for_guardians(self) -> bool:
        return self.addressee == Addressee.GUARDIAN


class FormPurpose(TenantRow):
    """One purpose of a form, with the notice version printed on it."""

    wall = TablePolicy(APPEND)

    run = RowKey(FormRun)
    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    notice_version = RowKey(NoticeVersion)
    notice_version_owner = catalogue_owner()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [unique_in_client("formpurpose_once_per_form", "run", "purpose")]


class FormPage(TenantRow):
    """One person's page of a form, with the purposes based on consent for their role; for guardians about the child.

    ``notice_hash`` is then that of the notice about the service; ``asks_sharing``: outside recipients are asked about.
    """

    wall = TablePolicy(APPEND, disposed_as="evidence", personal=classify(none="purposes notice_hash"))
    copied = Copied(
        "form_pages",
        _("Forms on paper for you"),
        "group=run__name page=position purposes made_at=run__made_at",
        titles={"made_at": _("Printed")},
    )

    run = RowKey(FormRun)
    subject = RowKey(Subject)
    purposes = CodesField()
    notice_hash = models.CharField(max_length=64, blank=True)
    asks_sharing = models.BooleanField(default=False)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [unique_in_client("formpage_once_per_person", "run", "subject")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Return the reference printed on the page: that of its form, and its number."""
        return f"{self.run.reference}-{self.position}"

    @property
    def asked(self) -> list[str]:
        """Return the codes that the page asks about: on a form for guardians first the service."""
        service = [SERVICE] if self.run.for_guardians else []
        return [*service, *([SHARING] if self.asks_sharing else []), *self.purposes]


class AnswerState(models.TextChoices):
    """The states of an answer on paper. Only a confirmed one counts."""

    WAITING = "waiting", _("Waiting to be confirmed")
    HELD = "held", _("Could not be recorded")
    CONFIRMED = "confirmed", _("Confirmed")
    DISMISSED = "dismissed", _("Dismissed")


OPEN_STATES = (AnswerState.WAITING, AnswerState.HELD)


class PaperAnswer(TenantRow):
    """One answered page of a form, as typed: nothing counts until it is confirmed.

    ``guardian`` signed, else the person; ``recorded`` and ``authorisation`` are the resulting rows.
    """

    wall = TablePolicy(EDIT, disposed_as="evidence", personal=classify(none="answers recorded", sealed="note"))

    page = RowKey(FormPage)
    subject = RowKey(Subject)
    answers = models.JSONField(default=dict, help_text="Purpose → whether yes.")
    method = models.CharField("method", max_length=16, choices=[("paper", _("On paper")), ("phone", _("By telephone"))])
    guardian = RowKey(Subject, null=True)
    answered_on = models.DateField("answered on", help_text="As on the form, in the client's time zone.")
    note = SealedField()
    state = models.CharField("state", max_length=16, choices=AnswerState, default=AnswerState.WAITING)
    recorded = ArrayField(models.UUIDField(), default=list)
    authorisation = RowKey(ServiceAuthorisation, null=True)
    entered_at = models.DateTimeField("entered")

    class Meta:
        verbose_name = "answer in the queue"
        verbose_name_plural = "answers in the queue"
        ordering = ["-entered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "page", "guardian"],
                condition=Q(state__in=OPEN_STATES),
                nulls_distinct=False,
                name="paperanswer_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=AnswerState.CONFIRMED) | Q(recorded=[], authorisation=None),
                name="paperanswer_counts_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(guardian=None) | ~Q(subject=F("guardian")), name="paperanswer_guardian_of_another"
            ),
        ]
        indexes = [
            *newest_first("entered_at", "paperanswer_by_time"),
            *newest_first("entered_at", "paperanswer_by_state", by="state"),
            models.Index(fields=["client", "page"], name="paperanswer_of_page"),
        ]

    def __str__(self) -> str:
        return self.page.reference

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES
