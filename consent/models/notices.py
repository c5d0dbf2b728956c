"""What people are told, in immutable versions."""

from django.db import models

from consent.models.rows import CodesField, RegisterRow, catalogue_owner
from paktaleem.accounts.models import code_validator
from paktaleem.ledger.history import History
from paktaleem.tenancy.wall import APPEND, EDIT, Personal, Scope, Wall

__all__ = ["Notice", "NoticeVersion"]

_NONE = Personal.NONE


class Notice(RegisterRow):
    """One notice to data subjects: the privacy policy, or what is told when consent to purposes is asked."""

    wall = Wall(
        Scope.CATALOGUE, EDIT, personal={"code": _NONE, "title_en": _NONE, "title_ur": _NONE, "purposes": _NONE}
    )

    code = models.CharField(max_length=63, validators=[code_validator])
    title_en = models.CharField("title (English)", max_length=200)
    title_ur = models.CharField("title (Urdu)", max_length=200)
    purposes = CodesField(help_text="Codes of the purposes it informs about; empty for the privacy policy.")

    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["client", "code"], name="notice_code_unique")]

    def __str__(self) -> str:
        """Show the English title."""
        return self.title_en


class NoticeVersion(RegisterRow):
    """One immutable text of a notice in both languages, with the hash by which a consent proves what was read."""

    wall = Wall(Scope.CATALOGUE, APPEND, personal={"text_en": _NONE, "text_ur": _NONE, "content_hash": _NONE})

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    notice_owner = catalogue_owner()
    number = models.PositiveIntegerField(editable=False)
    is_material = models.BooleanField(
        default=True, help_text="Material: consents given under earlier texts must be renewed."
    )
    text_en = models.TextField("text (English)")
    text_ur = models.TextField("text (Urdu)")
    content_hash = models.CharField(max_length=64, editable=False)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(editable=False)

    history = History()

    class Meta:
        ordering = ["-effective_at", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["client", "notice", "number"], name="noticeversion_number_unique"),
            models.CheckConstraint(
                condition=models.Q(effective_at__gte=models.F("recorded_at")), name="noticeversion_not_backdated"
            ),
        ]

    def __str__(self) -> str:
        """Show the number."""
        return f"version {self.number}"
