"""Models of the desk: tasks, letters, cases of supervisory authorities, and the end of restrictions and objections."""

from datetime import timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.consents.models import Objection, Restriction
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from rights.requests.letters import Occasion
from rights.requests.models import OfRequest
from rights.requests.sections import OF_REQUEST, open_request_texts

_NEAR = timedelta(days=7)
"""From this time before it a deadline of an authority is on the first page of the console."""


class TaskKind(models.TextChoices):
    CALL = "call", _("Call the person at the number on file")
    INFORM = "inform", _("Inform the person of the request")
    READ = "read", _("Read a new email about the request")
    ASK_CLIENT = "ask_client", _("Ask the client")
    CHECK_SYSTEM = "check_system", _("Check a system")
    WRITE = "write", _("Write a letter")
    AUTHORITY = "authority", _("Answer the supervisory authority")
    OTHER = "other", _("Something else")


class RequestTaskQuerySet(models.QuerySet["RequestTask"]):
    def open(self) -> Self:
        """Tasks that are not done."""
        return self.filter(done_at=None)

    def of(self, user_id: UUID | None) -> Self:
        """Tasks of one member of staff, or of no one."""
        return self.filter(assignee_id=user_id)


class RequestTask(OfRequest):
    """One thing that a member of staff does about a request, until a day. Its detail is sealed like a note."""

    wall = TablePolicy(EDIT, disposed_as="request_texts", personal=classify(sealed="detail"))
    copied = Copied(
        "request_tasks",
        _("Tasks of staff about your requests"),
        "number=request__number task=kind detail due_on added_at=created_at done_at by",
        of=OF_REQUEST,
        titles={"detail": _("Details")},
        read=open_request_texts("detail"),
    )

    kind = models.CharField("task", max_length=16, choices=TaskKind)
    detail = SealedField()
    assignee = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    due_on = models.DateField("due")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField("done", null=True)
    done_by = models.UUIDField(null=True)

    objects = RequestTaskQuerySet.as_manager()
    due = (
        Due(
            label=_("Deadlines of authorities"),
            note=_("due within seven days or overdue"),
            who=Capability.HANDLE_RIGHTS_REQUESTS,
            rows=lambda rows, at: rows.open().filter(kind=TaskKind.AUTHORITY, due_on__lte=(at + _NEAR).date()),
            query="progress=authorities",
            on="due_on",
            severity=Severity.URGENT,
        ),
        Due(
            label=_("Tasks assigned to no one"),
            note=_("about rights requests, due soonest first"),
            who=Capability.HANDLE_RIGHTS_REQUESTS,
            rows=Q(done_at=None, assignee=None),
            query="assigned=none",
            on="due_on",
        ),
    )

    class Meta:
        verbose_name = "task"
        verbose_name_plural = "tasks about rights requests"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="rightstask_done_by_someone",
            )
        ]
        indexes = [
            models.Index(fields=["client", "request", "id"], name="rightstask_of_request"),
            models.Index(
                fields=["request"],  # not led by the client: the planner takes a client's calls for few, and reads all
                include=("client",),
                condition=Q(kind="call", done_at=None),
                name="rightstask_calls",
            ),
            models.Index(fields=["assignee", "due_on", "id"], condition=Q(done_at=None), name="rightstask_of_user"),
            *oldest_first("due_on", "rightstask_open", condition=Q(done_at=None)),
            *oldest_first("due_on", "rightstask_unassigned", condition=Q(done_at=None, assignee=None)),
            *oldest_first("due_on", "rightstask_all_by_due"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


class Way(models.TextChoices):
    """How a letter reaches the person."""

    MAIL = "mail", _("Email to the contact on file")
    BY_HAND = "by_hand", _("Printed and handed over")


class RequestLetter(OfRequest):
    """One letter about a request, sealed under its key; ``message_id`` is the id of the email, None if handed over."""

    wall = TablePolicy(APPEND, disposed_as="request_texts", personal=classify(none="language", sealed="text"))
    copied = Copied(
        "request_letters",
        _("Messages of staff about your requests"),
        "number=request__number occasion language way text sent_at=at by",
        of=OF_REQUEST,
        read=open_request_texts("text"),
        category="support_communications",
    )

    occasion = models.CharField(max_length=16, choices=Occasion)
    language = models.CharField(max_length=8)
    way = models.CharField(max_length=16, choices=Way)
    text = SealedField()
    message_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way=Way.MAIL, message_id__isnull=False) | models.Q(way=Way.BY_HAND, message_id=None),
                name="rightsletter_has_its_message",
            )
        ]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsletter_of_request")]

    def __str__(self) -> str:
        return str(self.get_occasion_display())


class CallOutcome(models.TextChoices):
    """Outcome of a call back to the number on file."""

    REACHED = "reached", _("The person answered and made this request: it counts as theirs")
    NOT_REACHED = "not_reached", _("No one answered")
    NOT_THEM = "not_them", _("The person answered and did not make it: the request ends")


class CaseOutcome(models.TextChoices):
    """How the authority's case ended."""

    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Partly upheld")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SETTLED = "settled", _("Settled")


class AuthorityCase(OfRequest):
    """One case of a supervisory authority about a request; its deadlines are tasks, the correspondence notes."""

    wall = TablePolicy(
        EDIT, disposed_as="request_texts", personal=classify(none="authority outcome", sealed="reference measures")
    )
    copied = Copied(
        "authority_cases",
        _("Cases of supervisory authorities about your requests"),
        "number=request__number authority reference opened_on outcome measures ended_on recorded_at",
        of=OF_REQUEST,
        titles={"reference": _("Reference number")},
        read=open_request_texts("reference", "measures"),
    )

    authority = models.CharField(max_length=200)
    reference = SealedField()
    opened_on = models.DateField("opened on")
    outcome = models.CharField(max_length=16, choices=CaseOutcome, blank=True, default="")
    measures = SealedField()
    ended_on = models.DateField("ended on", null=True)
    recorded_at = models.DateTimeField("recorded")

    class Meta:
        verbose_name = "authority case"
        verbose_name_plural = "authority cases"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", ended_on=None) | (~Q(outcome="") & Q(ended_on__isnull=False)),
                name="authoritycase_ends_with_outcome",
            )
        ]
        indexes = [
            models.Index(fields=["client", "request"], name="authoritycase_of_request"),
            *newest_first("recorded_at", "authoritycase_by_time"),
            *newest_first("recorded_at", "authoritycase_by_outcome", by="outcome"),
        ]

    def __str__(self) -> str:
        return self.authority

    @property
    def is_open(self) -> bool:
        return not self.outcome


class NoticeWay(models.TextChoices):
    """How a person was informed before a restriction is lifted."""

    MAIL = "mail", _("Email to the contact on file")
    BY_HAND = "by_hand", _("By telephone, in person or in writing")


class LiftNotice(TenantRow):
    """One notice to a person that a restriction will be lifted (GDPR Art. 18(3))."""

    wall = TablePolicy(APPEND)

    restriction = RowKey(Restriction)
    way = models.CharField(max_length=16, choices=NoticeWay)
    informed_by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "restriction"], name="liftnotice_of_restriction")]

    def __str__(self) -> str:
        return str(self.get_way_display())


class Overruling(RequestedChange):
    """One proposal to overrule an objection; ``ground`` is sealed under the person's key (GDPR Art. 21(1))."""

    wall = TablePolicy(EDIT, disposed_as="person", personal=classify(sealed="ground", none="requested_kind"))
    copied = Copied(
        "overrulings",
        _("Proposals to overrule your objections"),
        "purpose=objection__purpose_code grounds=ground state requested_at settled_at",
        of=("objection__subject",),
        titles={"grounds": _("Compelling grounds")},
    )

    objection = RowKey(Objection)
    ground = SealedField()

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            *second_person_constraints("overruling"),
            unique_in_client("overruling_one_waiting", "objection", where=Q(state=ChangeState.WAITING)),
        ]

    def __str__(self) -> str:
        return str(self.get_state_display())
