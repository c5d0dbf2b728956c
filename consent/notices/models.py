"""Models of notices."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from consent.register.models.purposes import CodesField, RegisterRow, catalogue_owner
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import ActorStamp, History
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, Personal, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_date

RECIPIENT_LIST = "recipients"
"""The code of PakTaleem's notice that lists the recipients."""

_NONE = Personal.NONE
_TEXTS = {"text_en": _NONE, "text_ur": _NONE, "child_text_en": _NONE, "child_text_ur": _NONE}
_MATERIAL = "Material: clients get advance notice, and consents given under earlier versions must be renewed."


class Notice(RegisterRow):
    """One notice to data subjects: the privacy policy, or the information given when asking for consent."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="code title_en title_ur purposes"))

    code = models.CharField(max_length=63, validators=[code_validator])
    title_en = models.CharField("title (English)", max_length=200)
    title_ur = models.CharField("title (Urdu)", max_length=200)
    purposes = CodesField(help_text="Codes of the purposes it informs about; empty for the privacy policy.")
    is_by_portal = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="The portal writes its text: the list of recipients, or a business transfer.",
    )
    addresses_children = models.BooleanField(
        default=False, help_text="If set, every version must also have a text for children."
    )

    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [unique_in_client("notice_code_unique", "code")]

    def __str__(self) -> str:
        return self.title_en

    @property
    def is_policy(self) -> bool:
        """Return True if it is the privacy policy, which is not about single purposes."""
        return not self.purposes and not self.is_by_portal

    @property
    def lists_recipients(self) -> bool:
        """Return True if it is PakTaleem's list of recipients, which the portal writes."""
        return self.is_by_portal and self.code == RECIPIENT_LIST


class NoticeText(RegisterRow):
    """The text of a notice in both languages, and optionally for children."""

    is_material = models.BooleanField(default=True, help_text=_MATERIAL)
    text_en = models.TextField("text (English)")
    text_ur = models.TextField("text (Urdu)")
    child_text_en = models.TextField("text for children (English)", blank=True)
    child_text_ur = models.TextField("text for children (Urdu)", blank=True)

    class Meta:
        abstract = True

    def text(self, language: str, *, for_children: bool = False) -> str:
        """Return the text in Urdu for ``ur``, else in English."""
        kind = "child_text" if for_children else "text"
        return str(getattr(self, f"{kind}_{'ur' if language == 'ur' else 'en'}"))


class NoticeDraft(NoticeText):
    """One draft text, visible to its owner only; announcing it creates a version and closes the draft."""

    wall = TablePolicy(EDIT, personal=_TEXTS)

    notice = RowKey(Notice)
    changed_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    version = models.UUIDField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = [F("closed_at").asc(nulls_first=True), "-changed_at"]
        constraints = [unique_in_client("noticedraft_one_open_per_notice", "notice", where=Q(closed_at=None))]

    def __str__(self) -> str:
        return gettext("draft") if self.closed_at is None else gettext("closed draft")


class NoticeVersion(NoticeText):
    """One immutable version of a notice in both languages, with the content hash that consents refer to.

    ``notice_days`` is the advance notice that every client must get, by a proven email; 0: none.
    """

    wall = TablePolicy(APPEND, Scope.CATALOGUE, personal={**_TEXTS, "content_hash": _NONE})

    notice = RowKey(Notice)
    notice_owner = catalogue_owner()
    number = models.PositiveIntegerField(editable=False)
    content_hash = models.CharField(max_length=64, editable=False)
    announced_at = models.DateTimeField(editable=False)
    notice_days = models.PositiveSmallIntegerField(default=0, editable=False)
    effective_at = models.DateTimeField()

    history = History()

    class Meta:
        ordering = ["-effective_at", "-number"]
        constraints = [
            unique_in_client("noticeversion_number_unique", "notice", "number"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("announced_at")), name="noticeversion_not_backdated"
            ),
        ]

    def __str__(self) -> str:
        return gettext("version {number}").format(number=self.number)

    @property
    def needs_proof(self) -> bool:
        """Return True if it takes effect at a client only once an email is proven."""
        return self.notice_days > 0


_PROOF_EXPECTED_WITHIN = timedelta(hours=1)


class NoticeDispatch(RegisterRow):
    """One announcement of one version to one client, and when the version takes effect there.

    ``dispatched_at`` is when a mail server accepted an email to one of its administrators: the proof. Until then
    ``takes_effect_at`` is empty. The emails refer to this row's id.
    """

    wall = TablePolicy(EDIT, limited=Limited.READ)

    version = RowKey(NoticeVersion)
    version_owner = catalogue_owner()
    opened_at = models.DateTimeField(editable=False)
    dispatched_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    takes_effect_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)

    history = History()

    due = (
        Due(
            label=_("Announcements not proven"),
            note=_("no email to the client is proven: not in effect there"),
            who=Capability.SUPERVISE,
            rows=lambda rows, at: rows.filter(takes_effect_at=None, opened_at__lt=at - _PROOF_EXPECTED_WITHIN),
            query="progress=unproven",
            since="opened_at",
            severity=Severity.URGENT,
        ),
    )

    class Meta:
        verbose_name = "announcement to a client"
        verbose_name_plural = "announcements to clients"
        ordering = ["-opened_at", "-id"]
        constraints = [
            unique_in_client("noticedispatch_once_per_client", "version"),
            models.CheckConstraint(
                condition=Q(dispatched_at=None, proven_at=None, takes_effect_at=None)
                | Q(
                    dispatched_at__isnull=False, proven_at__gte=F("dispatched_at"), takes_effect_at__gte=F("proven_at")
                ),
                name="noticedispatch_effect_follows_proof",
            ),
        ]

    def __str__(self) -> str:
        return gettext("announced {day}").format(day=format_date(self.opened_at))


class ResponseKind(models.TextChoices):
    """The kinds of response to an announcement. An objection to a recipient lasts until the client withdraws it."""

    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    OBJECTED = "objected", _("Objected")
    ANSWERED = "answered", _("Objection answered")
    WITHDRAWN = "withdrawn", _("Objection withdrawn")


class ResponseCode(models.TextChoices):
    """Reasons of a client's objection, and of PakTaleem's answer."""

    PEOPLE = "people", _("It weakens people's rights")
    LAW = "law", _("It conflicts with a law we are bound by")
    AGREEMENT = "agreement", _("It conflicts with our agreement")
    UNCLEAR = "unclear", _("We do not understand it")
    OTHER = "other", _("Another reason")
    EXPLAINED = "explained", _("Explained; the text stays")
    CHANGES = "changes", _("The text will be changed by another version")
    AGREEMENT_FOLLOWS = "agreement_follows", _("The agreement will be changed or ended")


class NoticeResponse(TenantRow, ActorStamp):
    """One acknowledgement, objection or answer about one announcement. Append-only."""

    wall = TablePolicy(APPEND, personal=classify(none="note"))

    dispatch = RowKey(NoticeDispatch)
    kind = models.CharField(max_length=16, choices=ResponseKind)
    code = models.CharField(max_length=32, choices=ResponseCode, blank=True)
    note = models.TextField(max_length=2000, blank=True, help_text="About the text only; do not name people.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.WITHDRAWN], code="")
                | (~Q(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.WITHDRAWN]) & ~Q(code="")),
                name="noticeresponse_objection_has_its_reason",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class NoticeEffect(TenantRow):
    """One effect of one version at one client, recorded once, afterwards; the effect itself follows from time."""

    wall = TablePolicy(APPEND, limited=Limited.READ)

    version = RowKey(NoticeVersion)
    version_owner = catalogue_owner()
    took_effect_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            unique_in_client("noticeeffect_once_per_client", "version"),
            models.CheckConstraint(
                condition=Q(recorded_at__gte=F("took_effect_at")), name="noticeeffect_recorded_afterwards"
            ),
        ]

    def __str__(self) -> str:
        return gettext("in effect from {day}").format(day=format_date(self.took_effect_at))
