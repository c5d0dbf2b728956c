"""Breaches, their assessments with the people concerned, letters and closings."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due, Severity as Urgency
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import ActorStamp, History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date, format_time

_LONGEST = 4000


class Likelihood(models.TextChoices):
    """How likely it is that people are harmed."""

    UNLIKELY = "unlikely", _("Unlikely")
    POSSIBLE = "possible", _("Possible")
    LIKELY = "likely", _("Likely")


class Severity(models.TextChoices):
    """How much people would be harmed."""

    MINOR = "minor", _("Minor: an inconvenience")
    SERIOUS = "serious", _("Serious: harm that can be overcome")
    SEVERE = "severe", _("Severe: lasting harm")


class Outcome(models.TextChoices):
    """The people or bodies to inform besides the client."""

    NONE = "none", _("No one: a risk is unlikely")
    AUTHORITY = "authority", _("The supervisory authority")
    PEOPLE = "people", _("The supervisory authority, and the people concerned")


_RUNNING = Q(closed_at=None, authority_notified_at=None) & ~Q(outcome=Outcome.NONE)


class Reporter(models.TextChoices):
    """The source of the first report of a breach."""

    STAFF = "staff", _("Staff of PakTaleem")
    CLIENT = "client", _("The client")
    PROVIDER = "provider", _("A provider")
    PERSON = "person", _("A person concerned")
    RESEARCHER = "researcher", _("Someone who found it")
    MONITORING = "monitoring", _("Monitoring")


class Audience(models.TextChoices):
    """To whom a letter about a breach is written."""

    CLIENT = "client", _("The client")
    AUTHORITY = "authority", _("The supervisory authority")
    PEOPLE = "people", _("The people concerned; a child’s guardians")


class BreachQuerySet(TrackedQuerySet["Breach"]):
    def open(self) -> Self:
        """Return the breaches that are not closed."""
        return self.filter(closed_at=None)

    def running(self, at: datetime) -> Self:
        """Return the breaches whose authority is still to be notified, known at ``at``."""
        return self.filter(_RUNNING, known_at__lte=at)

    def overdue(self, at: datetime) -> Self:
        """Return the breaches whose authority should have been notified by ``at``."""
        return self.filter(_RUNNING, due_at__lt=at)


class Breach(TenantRow, Tracked):
    """One breach at one client; ``incident`` ties the rows of clients that the same event concerns.

    Empty ``categories`` or ``systems`` mean all. ``due_at`` is 72 hours after ``known_at``, or earlier by the law.
    ``outcome`` is that of the latest assessment, empty before the first. The texts contain no names.
    """

    wall = TablePolicy(
        EDIT, personal=classify(none="reporter what consequences categories systems measures lessons outcome")
    )

    incident = models.UUIDField(editable=False)
    happened_from = models.DateTimeField("happened from")
    happened_until = models.DateTimeField(
        "happened until", null=True, blank=True, help_text="Leave empty if it is not known, or goes on."
    )
    known_at = models.DateTimeField(
        "known since", help_text="When the controller became aware: 72 hours count from it."
    )
    reported_by = models.CharField(max_length=16, choices=Reporter)
    reporter = models.CharField(
        "reported by, in words", max_length=200, blank=True, help_text="A role or an organisation; do not name people."
    )
    what = models.TextField("what happened", max_length=_LONGEST, help_text="Published in letters; do not name people.")
    consequences = models.TextField("likely consequences", max_length=_LONGEST, blank=True)
    categories = ArrayField(
        models.CharField(max_length=63),
        verbose_name="data categories",
        blank=True,
        default=list,
        help_text="Leave all empty if every category is concerned.",
    )
    systems = ArrayField(
        models.CharField(max_length=63),
        blank=True,
        default=list,
        help_text="Leave all empty if every system is concerned.",
    )
    measures = models.TextField(max_length=_LONGEST, blank=True, editable=False)
    lessons = models.TextField(max_length=_LONGEST, blank=True, editable=False)
    outcome = models.CharField("to be informed", max_length=16, choices=Outcome, blank=True, editable=False)
    due_at = models.DateTimeField("authority due", editable=False)
    recorded_at = models.DateTimeField("recorded", editable=False)
    client_informed_at = models.DateTimeField("client informed", null=True, editable=False)
    authority_notified_at = models.DateTimeField("authority notified", null=True, editable=False)
    people_informed_at = models.DateTimeField("people informed", null=True, editable=False)
    closed_at = models.DateTimeField("closed", null=True, editable=False)

    objects: ClassVar = BreachQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Personal-data breaches"),
            note=_("the authority must be notified by the deadline"),
            who=Capability.VIEW_CLIENT_RECORDS,
            rows=lambda rows, at: rows.running(at),
            query="progress=running",
            on="due_at",
            severity=Urgency.URGENT,
        ),
    )

    class Meta:
        verbose_name = "personal-data breach"
        verbose_name_plural = "personal-data breaches"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            unique_in_client("breach_once_per_client", "incident"),
            models.CheckConstraint(condition=~Q(what=""), name="breach_says_what"),
            models.CheckConstraint(
                condition=Q(happened_until=None) | Q(happened_until__gte=F("happened_from")), name="breach_period"
            ),
            models.CheckConstraint(condition=Q(known_at__gte=F("happened_from")), name="breach_known_afterwards"),
            models.CheckConstraint(condition=Q(known_at__lte=F("recorded_at")), name="breach_known_before_recorded"),
            models.CheckConstraint(condition=Q(due_at__gt=F("known_at")), name="breach_due_later"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | (~Q(outcome="") & ~Q(measures="") & ~Q(lessons="")),
                name="breach_closed_complete",
            ),
        ]
        indexes = [
            *newest_first("recorded_at", "breach_by_time"),
            *oldest_first("due_at", "breach_running_by_due", condition=_RUNNING),
        ]

    def __str__(self) -> str:
        return gettext("Breach known since {day}").format(day=format_time(self.known_at))

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def awaits_authority(self) -> bool:
        return self.is_open and self.authority_notified_at is None and self.outcome != Outcome.NONE

    @property
    def ended_at(self) -> datetime:
        """Return the end of the time in which data was exposed: when it was known, if no end is recorded."""
        return self.happened_until or self.known_at


class BreachAssessment(TenantRow, ActorStamp):
    """One assessment of the risk of a breach, with the number of people concerned. Append-only.

    ``suggested`` follows from likelihood and severity, ``outcome`` was decided. ``list_hash`` is the SHA-256 of the
    sorted ids of the people (``BreachPerson``), joined by commas. ``stated`` is their number by other sources.
    """

    wall = TablePolicy(APPEND, personal=classify(none="reasons list_hash"))

    breach = RowKey(Breach)
    likelihood = models.CharField(max_length=16, choices=Likelihood)
    severity = models.CharField(max_length=16, choices=Severity)
    suggested = models.CharField(max_length=16, choices=Outcome)
    outcome = models.CharField(max_length=16, choices=Outcome)
    reasons = models.TextField(max_length=_LONGEST)
    people = models.PositiveIntegerField()
    stated = models.PositiveIntegerField(null=True)
    list_hash = models.CharField(max_length=64)
    assessed_at = models.DateTimeField()

    class Meta:
        ordering = ["-assessed_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(reasons=""), name="breachassessment_has_reasons")]
        indexes = [models.Index(fields=["client", "breach", "-assessed_at", "-id"], name="breachassessment_of_breach")]

    def __str__(self) -> str:
        return str(self.get_outcome_display())

    @property
    def concerned(self) -> int:
        """The number of people concerned: those on the list, or more if more are stated."""
        return max(self.people, self.stated or 0)


class BreachPerson(TenantRow):
    """One person whose data a breach concerns, as frozen by an assessment, with the categories. Append-only."""

    wall = TablePolicy(APPEND, disposed_as="evidence", personal=classify(none="categories"))
    copied = Copied(
        "breaches",
        _("Personal-data breaches that concerned you"),
        "categories happened_from=assessment__breach__happened_from known_at=assessment__breach__known_at "
        "what=assessment__breach__what consequences=assessment__breach__consequences "
        "measures=assessment__breach__measures assessed_at=assessment__assessed_at "
        "closed_at=assessment__breach__closed_at",
        titles={"known_at": _("Known since"), "what": _("What happened"), "consequences": _("Likely consequences")},
    )

    assessment = RowKey(BreachAssessment)
    subject = RowKey(Subject)
    categories = ArrayField(models.CharField(max_length=63))

    class Meta:
        constraints = [unique_in_client("breachperson_once", "assessment", "subject")]
        indexes = [models.Index(fields=["client", "subject"], name="breachperson_of_person")]

    def __str__(self) -> str:
        return ", ".join(self.categories)


class BreachLetter(TenantRow, ActorStamp):
    """One letter about a breach that was emailed or handed over. Its texts contain no names. Append-only.

    A letter to the client or to the authority is written in ``language``. A letter to people has two texts (``text`` in
    English, ``text_ur`` in Urdu) and the ``assessment`` whose list of people it goes to; each list gets one letter.
    ``recipient`` is the name of the authority, or the client's office that got the letter by hand.
    """

    wall = TablePolicy(APPEND, personal=classify(none="language text text_ur recipient late_reason"))

    breach = RowKey(Breach)
    audience = models.CharField(max_length=16, choices=Audience)
    language = models.CharField(max_length=8)
    text = models.TextField(max_length=8000)
    text_ur = models.TextField(max_length=8000, blank=True)
    recipient = models.CharField(max_length=200, blank=True)
    late_reason = models.TextField(max_length=_LONGEST, blank=True)
    assessment = RowKey(BreachAssessment, null=True)
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience=Audience.PEOPLE, assessment__isnull=False)
                | (~Q(audience=Audience.PEOPLE) & Q(assessment=None)),
                name="breachletter_to_a_list",
            ),
            models.CheckConstraint(
                condition=~Q(audience=Audience.AUTHORITY) | ~Q(recipient=""), name="breachletter_names_authority"
            ),
            unique_in_client("breachletter_once_for_a_list", "assessment"),
        ]
        indexes = [models.Index(fields=["client", "breach", "sent_at", "id"], name="breachletter_of_breach")]

    def __str__(self) -> str:
        return str(self.get_audience_display())


class BreachNotice(TenantRow):
    """One person informed by a letter, or by their guardian; without a ``recipient`` no email could reach them."""

    wall = TablePolicy(APPEND)
    copied = Copied(
        "breach_letters",
        _("Letters about breaches to you, or to your guardians"),
        "sent_at=at text=letter__text text_ur=letter__text_ur",
        of=("subject", "recipient"),
        titles={"text_ur": _("Text (Urdu)")},
    )

    letter = RowKey(BreachLetter)
    subject = RowKey(Subject)
    recipient = RowKey(Subject, null=True)
    message_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "letter", "subject", "recipient"], nulls_distinct=False, name="breachnotice_once"
            ),
            models.CheckConstraint(
                condition=Q(recipient=None, message_id=None) | Q(recipient__isnull=False, message_id__isnull=False),
                name="breachnotice_has_its_message",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "letter", "recipient"], name="breachnotice_by_recipient"),
            models.Index(fields=["client", "subject"], name="breachnotice_of_person"),
        ]

    def __str__(self) -> str:
        return format_date(self.at)
