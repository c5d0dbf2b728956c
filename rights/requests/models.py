"""Models of rights requests."""

from datetime import datetime, timedelta
from functools import partial
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.consents.models import Objection, Restriction
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from rights.requests.deadlines import ANSWER_TIME
from rights.requests.sections import OF_REQUEST, STEPS, open_request_text, open_request_texts
from rights.requests.states import Decider, Decision, RefusalCode, State

SOON = timedelta(days=7)
"""Time before the deadline from which a request counts as due soon."""
ANSWERED_IN_TIME = Q(delivered_at__lt=F("due_at")) | Q(notice_at__lt=F("due_at"), delivered_at__lt=F("expected_by"))
"""The answer reached the person in time; a reasoned notice by the due date moves it (GDPR Art. 12(3))."""
PARENT = "rights_request"
"""The kind of parent of orders that serve a request."""


class RightKind(models.TextChoices):
    """The kind of a part: one of the eight rights, or something that may turn into one."""

    ACCESS = "access", _("Access to the data")
    RECTIFICATION = "rectification", _("Rectification")
    ERASURE = "erasure", _("Erasure")
    RESTRICTION = "restriction", _("Restriction of processing")
    PORTABILITY = "portability", _("Portability")
    OBJECTION = "objection", _("Objection")
    WITHDRAWAL = "withdrawal", _("Withdrawal of consent")
    COMPLAINT = "complaint", _("Complaint")
    QUESTION = "question", _("Question")
    CHILD_CONCERN = "child_concern", _("Concern about a child")


class Channel(models.TextChoices):
    """Channel by which a request arrived."""

    FORM = "form", _("Public form")
    OWN_PAGE = "own_page", _("The person’s own page")
    API = "api", _("Learning platform")
    CLIENT = "client", _("Client administrator")
    TELEPHONE = "telephone", _("Telephone")
    MAIL = "mail", _("Email")


class IdentityMethod(models.TextChoices):
    """How the identity of the person was verified. No identity papers."""

    LMS = "lms", _("Signed in at the learning platform")
    CODE = "code", _("Code to a contact on file")
    CLIENT = "client", _("Confirmed by the client")
    CALL_BACK = "call_back", _("Call back to a number on file")


BY = [(kind.value, kind.value) for kind in ByKind]
_due = partial(Due, who=Capability.HANDLE_RIGHTS_REQUESTS, on="answer_by")
TO_CALL = ("", IdentityMethod.CODE.value)
"""Identity methods (none, or a code) after which a call to the number on file proves more."""


class RightsRequestQuerySet(models.QuerySet["RightsRequest"]):
    def open(self) -> Self:
        """Requests that are not closed."""
        return self.filter(closed_at=None)

    def unanswered(self) -> Self:
        """Open requests to which no answer is written."""
        return self.open().filter(answered_at=None)

    def undelivered(self) -> Self:
        """Open requests whose person has no answer yet, written or not: their clock runs."""
        return self.open().filter(delivered_at=None)

    def overdue(self, at: datetime) -> Self:
        """Requests whose person has neither an answer nor a valid notice at ``at``."""
        return self.undelivered().filter(answer_by__lte=at)

    def due_soon(self, at: datetime) -> Self:
        """Requests that are not overdue, but due within seven days from ``at``."""
        return self.undelivered().filter(answer_by__gt=at, answer_by__lte=at + SOON)


class RightsRequest(TenantRow):
    """One request of one person, with one or several rights, and one clock.

    ``subject`` is None until the person is known. ``requester`` is the guardian who made the request about a child, for
    the right ``guardian_right``; None if the person made it. Its texts are sealed under a key of the request
    (``wrapped``), which is destroyed with the person's erasure and some time after the end, and with it
    ``contact_index``, the keyed hash of the contact, by which the requests of one person are found. ``due_at`` is
    thirty days after receipt, or earlier by the law of that day, and never changes; ``expected_by`` moves by pauses
    and an extension; ``answer_by`` is the deadline that counts now. ``answered_at`` is when the answer was written,
    ``delivered_at`` when it reached the person: sent, or handed over by staff.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="request_texts",
        personal=classify(
            pseudonym="number contact_index", sealed="details contact answer", credential="wrapped", none="language"
        ),
    )

    number = models.CharField(max_length=16)
    channel = models.CharField(max_length=16, choices=Channel)
    state = models.CharField(max_length=20, choices=State)
    subject = RowKey(Subject, null=True)
    requester = RowKey(Subject, null=True)
    guardian_right = models.CharField(max_length=16, choices=RightKind, blank=True, default="")
    duplicate_of = RowKey("self", null=True)
    assignee = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    details = SealedField()
    contact = SealedField()
    contact_index = models.BinaryField(max_length=32, null=True)
    answer = SealedField(help_text="The text of the answer.")
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    language = models.CharField(max_length=8)
    identity_method = models.CharField(max_length=16, choices=IdentityMethod, blank=True, default="")
    identity_verified_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField("received")
    due_at = models.DateTimeField("due")
    expected_by = models.DateTimeField("answer expected by")
    answer_by = models.DateTimeField(null=True)
    notice_at = models.DateTimeField("reasoned notice", null=True)
    answered_at = models.DateTimeField("answered", null=True)
    delivered_at = models.DateTimeField("answer delivered", null=True)
    closed_at = models.DateTimeField("closed", null=True)

    objects = RightsRequestQuerySet.as_manager()

    due = (
        _due(
            label=_("Rights requests"), note=_("open, due soonest first"), rows=Q(closed_at=None), query="progress=open"
        ),
        _due(
            label=_("Rights requests due soon"),
            note=_("due within seven days"),
            rows=RightsRequestQuerySet.due_soon,
            query="progress=due_soon",
            severity=Severity.URGENT,
        ),
        _due(
            label=_("Rights requests overdue"),
            note=_("the person has no answer and no notice"),
            rows=RightsRequestQuerySet.overdue,
            query="progress=overdue",
            severity=Severity.OVERDUE,
        ),
    )

    copied = Copied(
        "requests",
        _("Your rights requests"),
        "number part channel state identity=identity_method details contact answer received_at due_at answered_at "
        "closed_at",
        of=("subject", "requester"),
        titles={"identity": _("Identity verified by")},
        read=open_request_texts("details", "contact", "answer", request=""),
        category="support_communications",
    )

    class Meta:
        verbose_name = "rights request"
        verbose_name_plural = "rights requests"
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(  # a request that was handed over may come back
                fields=["client", "number"], condition=~Q(state="handed_over"), name="rights_number_once"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("received_at"), due_at__lte=F("received_at") + ANSWER_TIME),
                name="rights_due_in_30_days",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(answered_at__isnull=False), name="rights_delivers_an_answer"
            ),
            models.CheckConstraint(condition=Q(expected_by__gte=F("due_at")), name="rights_expected_not_earlier"),
            models.CheckConstraint(
                condition=Q(identity_verified_at=None, identity_method="")
                | (Q(identity_verified_at__isnull=False, subject__isnull=False) & ~Q(identity_method="")),
                name="rights_identity_has_a_method",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(state__in=["closed", "withdrawn", "duplicate", "handed_over"]),
                name="rights_closed_is_final",
            ),
            models.CheckConstraint(
                condition=Q(state="duplicate", duplicate_of__isnull=False)
                | (~Q(state="duplicate") & Q(duplicate_of=None)),
                name="rights_duplicate_of_another",
            ),
            models.CheckConstraint(
                condition=Q(requester=None, guardian_right="")
                | (Q(requester__isnull=False, subject__isnull=False) & ~Q(guardian_right="")),
                name="rights_guardian_asks_for_a_right",
            ),
            models.CheckConstraint(
                condition=Q(requester=None) | ~Q(requester=F("subject")), name="rights_guardian_is_another"
            ),
            unique_in_client(
                "rights_one_open_of_guardian",
                "subject",
                "requester",
                "guardian_right",
                where=Q(closed_at=None, requester__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["client", "subject"], name="rights_of_subject"),
            models.Index(fields=["client", "requester"], name="rights_of_requester"),
            models.Index(fields=["number"], name="rights_by_number"),
            models.Index(
                fields=["client", "contact_index"],
                condition=Q(subject=None, contact_index__isnull=False),
                name="rights_by_contact",
            ),
            *newest_first("received_at", "rights_by_time"),
            *newest_first("received_at", "rights_by_state", by="state"),
            *newest_first("received_at", "rights_by_channel", by="channel"),
            *oldest_first("due_at", "rights_open_by_state", by="state", condition=Q(closed_at=None)),
            *oldest_first("due_at", "rights_open_by_channel", by="channel", condition=Q(closed_at=None)),
            *oldest_first("due_at", "rights_unassigned_by_due", condition=Q(closed_at=None, assignee=None)),
            models.Index(fields=["assignee", "due_at"], condition=Q(closed_at=None), name="rights_open_by_assignee"),
            models.Index(fields=["closed_at"], condition=Q(wrapped__isnull=False), name="rights_texts_by_closing"),
            *oldest_first("due_at", "rights_open_by_due", condition=Q(closed_at=None), include=("answer_by",)),
            *oldest_first("answer_by", "rights_by_deadline", condition=Q(closed_at=None, delivered_at=None)),
            *oldest_first(
                "answer_by",
                "rights_to_call_back",
                condition=Q(closed_at=None, answered_at=None, identity_method__in=TO_CALL),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def sender(self) -> Subject | None:
        """The person who made the request and is answered: the guardian, otherwise the person it is about."""
        return self.requester or self.subject

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_undelivered(self) -> bool:
        """Return True if the person has no answer yet, written or not: the clock runs."""
        return self.closed_at is None and self.delivered_at is None

    @property
    def is_identity_verified(self) -> bool:
        return self.identity_verified_at is not None


REQUEST_KEYS = row_keys(RightsRequest)


class RequestPart(TenantRow):
    """One right in a request, decided by one controller; no ``purposes`` means all, ``granted`` limits a part."""

    wall = TablePolicy(EDIT, disposed_as="request_texts", personal=classify(none="purposes granted", sealed="reasons"))

    request = RowKey(RightsRequest)
    kind = models.CharField("right", max_length=16, choices=RightKind)
    decider = models.CharField("decided by", max_length=16, choices=Decider)
    purposes = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    granted = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    decision = models.CharField(max_length=16, choices=Decision, blank=True, default="")
    refusal_code = models.CharField(max_length=32, choices=RefusalCode, blank=True, default="")
    reasons = SealedField()
    decided_at = models.DateTimeField(null=True)
    decided_kind = models.CharField(max_length=16, choices=BY, blank=True, default="")
    decided_by = models.UUIDField(null=True)

    copied = Copied(
        "request_parts",
        _("Decisions about your requests"),
        "number=request__number right=kind decider purposes decision refusal_code reasons decided_at",
        of=OF_REQUEST,
        titles={"decider": _("Decided by"), "refusal_code": _("Refusal")},
        read=open_request_texts("reasons"),
    )

    class Meta:
        verbose_name = "part of a rights request"
        verbose_name_plural = "parts of rights requests"
        ordering = ["id"]
        constraints = [
            unique_in_client("rightspart_once", "request", "kind", "decider"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None, decided_kind="")
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision="") & ~Q(decided_kind="")),
                name="rightspart_decided_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["", "granted"], refusal_code="")
                | (Q(decision__in=["partly", "refused"]) & ~Q(refusal_code="")),
                name="rightspart_refused_with_code",
            ),
            models.CheckConstraint(condition=Q(granted=[]) | Q(decision="partly"), name="rightspart_granted_partly"),
        ]
        indexes = [models.Index(fields=["kind", "client", "request"], name="rightspart_by_kind")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class PauseCause(models.TextChoices):
    """Why a request waits for the person."""

    IDENTITY = "identity", _("Their identity is not verified yet")
    CLARIFICATION = "clarification", _("They were asked what they mean")


class OfRequest(TenantRow, ActorStamp):
    """Columns of every row about a request: client, request, actor."""

    request = RowKey(RightsRequest)

    class Meta:
        abstract = True

    @classmethod
    def by(cls, actor: Actor, request: RightsRequest, **columns: object) -> Self:
        """Return an unsaved row about a request, with the stamp of the actor."""
        stamp = {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}
        return cls(client_id=request.client_id, request=request, **stamp, **columns)


class RequestStep(OfRequest):
    """One step in the timeline of a request. ``entry_id`` is its ledger entry; ``facts`` are codes and times."""

    wall = TablePolicy(APPEND, personal=classify(none="kind state facts"))

    kind = models.CharField(max_length=32)
    state = models.CharField(max_length=20, help_text="State of the request after this step.")
    facts = models.JSONField(default=dict)
    entry_id = models.UUIDField()
    at = models.DateTimeField()

    copied = Copied(
        "request_steps",
        _("Course of your requests"),
        "number=request__number step=kind state recorded_at=at by",
        of=OF_REQUEST,
        labels={"step": STEPS, "state": dict(State.choices)},
    )

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsstep_of_request")]

    def __str__(self) -> str:
        return self.kind


class RequestPause(OfRequest):
    """One pause of a request; open while ``ends_at`` is None. It moves the expected date, never the due date."""

    wall = TablePolicy(EDIT)

    cause = models.CharField(max_length=16, choices=PauseCause)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="rightspause_ends_later"
            ),
            unique_in_client("rightspause_one_open", "request", where=Q(ends_at=None)),
        ]
        indexes = [models.Index(fields=["client", "request"], name="rightspause_of_request")]

    def __str__(self) -> str:
        return str(self.get_cause_display())


class RequestExtension(OfRequest):
    """The one extension of a request, with its reason in words, sent to the person before the due date."""

    wall = TablePolicy(APPEND, disposed_as="request_texts", personal=classify(sealed="reason"))

    days = models.PositiveSmallIntegerField()
    reason = SealedField()
    at = models.DateTimeField()

    copied = Copied(
        "request_extensions",
        _("Extensions of your requests"),
        "number=request__number days reasons recorded_at=at by",
        of=OF_REQUEST,
        read={"reasons": open_request_text("reason")},
    )

    class Meta:
        constraints = [unique_in_client("rightsextension_once", "request")]

    def __str__(self) -> str:
        return f"{self.days} days"


class RequestNote(OfRequest):
    """One note of staff about a request, sealed under the request's key."""

    wall = TablePolicy(APPEND, disposed_as="request_texts", personal=classify(sealed="text"))

    text = SealedField()
    at = models.DateTimeField()

    copied = Copied(
        "request_notes",
        _("Notes of staff about your requests"),
        "number=request__number text recorded_at=at by",
        of=OF_REQUEST,
        read=open_request_texts("text"),
    )

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsnote_of_request")]


class RequestLimit(TenantRow):
    """One restriction or objection that a request brought about: its orders are part of carrying out the request."""

    wall = TablePolicy(APPEND)

    request = RowKey(RightsRequest)
    restriction = RowKey(Restriction, null=True)
    objection = RowKey(Objection, null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(restriction=None, objection__isnull=False)
                | models.Q(restriction__isnull=False, objection=None),
                name="rightslimit_one_of_two",
            ),
            unique_in_client("rightslimit_restriction_once", "request", "restriction"),
            unique_in_client("rightslimit_objection_once", "request", "objection"),
        ]
        indexes = [
            models.Index(fields=["client", "restriction"], name="rightslimit_by_restriction"),
            models.Index(fields=["client", "objection"], name="rightslimit_by_objection"),
        ]
