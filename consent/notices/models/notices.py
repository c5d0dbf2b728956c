"""Notices to data subjects: editable drafts, and immutable versions."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from consent.register.models.rows import CodesField, RegisterRow, catalogue_owner
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy

RECIPIENT_LIST = "recipients"
"""The code of PakTaleem's notice that lists the recipients."""

_NONE = Personal.NONE
_TEXTS = {"text_en": _NONE, "text_ur": _NONE, "child_text_en": _NONE, "child_text_ur": _NONE}
_MATERIAL = "Material: clients get advance notice, and consents given under earlier versions must be renewed."


class Notice(RegisterRow):
    """One notice to data subjects: the privacy policy, or the information given when asking for consent."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        Scope.CATALOGUE, EDIT, personal={"code": _NONE, "title_en": _NONE, "title_ur": _NONE, "purposes": _NONE}
    )

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
        constraints = [models.UniqueConstraint(fields=["client", "code"], name="notice_code_unique")]

    def __str__(self) -> str:
        """Return the English title."""
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

    wall = TablePolicy(Scope.TENANT, EDIT, personal=_TEXTS)

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    changed_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    version = models.UUIDField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = [F("closed_at").asc(nulls_first=True), "-changed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "notice"], condition=Q(closed_at=None), name="noticedraft_one_open_per_notice"
            ),
        ]

    def __str__(self) -> str:
        """Return whether the draft is open or closed."""
        return gettext("draft") if self.closed_at is None else gettext("closed draft")


class NoticeVersion(NoticeText):
    """One immutable version of a notice in both languages, with the content hash that consents refer to.

    ``notice_days`` is the advance notice that every client must get: the version takes effect at a client only once an
    email to it is proven (NoticeDispatch). 0: it takes effect at ``effective_at``.
    """

    wall = TablePolicy(Scope.CATALOGUE, APPEND, personal={**_TEXTS, "content_hash": _NONE})

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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
            models.UniqueConstraint(fields=["client", "notice", "number"], name="noticeversion_number_unique"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("announced_at")), name="noticeversion_not_backdated"
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return gettext("version {number}").format(number=self.number)

    @property
    def needs_proof(self) -> bool:
        """Return True if it takes effect at a client only once an email is proven."""
        return self.notice_days > 0
