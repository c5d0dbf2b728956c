"""Notices and their versions in the console."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent.admin.rows import RegisterAdmin
from consent.models import Notice, NoticeVersion, Purpose
from consent.services import publish_notice_version
from paktaleem.accounts.roles import Capability
from paktaleem.console.asking import received_at
from paktaleem.console.columns import day, pill
from paktaleem.console.forms import ScopedForm
from paktaleem.console.model_admin import state_column
from paktaleem.console.site import site

__all__ = ["NoticeAdmin", "NoticeVersionAdmin"]


@admin.register(Notice, site=site)
class NoticeAdmin(RegisterAdmin):
    """What people are told, by its title."""

    section = "Notices"
    row_fields = ("code", "title_en", "title_ur", "purposes", "addresses_children")
    fixed = ("code",)
    list_display = ("title_en", "code", "owner", "about")
    list_filter = ("client",)
    search_fields = ("code", "title_en")
    codes = {"purposes": Purpose}
    intro = "What data subjects are told. The words are in its versions, which never change once published."

    @admin.display(description="informs about")
    def about(self, row: Notice) -> str:
        """Name the purposes."""
        return ", ".join(row.purposes) or "The privacy policy"


class NoticeVersionForm(ScopedForm):
    """The next text of a notice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let it take effect at once unless a later moment is named."""
        super().__init__(*args, **kwargs)
        if "effective_at" in self.fields:
            self.fields["effective_at"].required = False
            self.fields["effective_at"].help_text = "Empty: at once. Nothing is backdated."

    def clean(self) -> dict[str, Any]:
        """Let it take effect with the request, and belong to the notice's client."""
        cleaned = super().clean()
        if cleaned.get("effective_at") is None and "effective_at" not in self.errors:
            cleaned["effective_at"] = received_at(self.request)
        return cleaned


def _effect(row: NoticeVersion) -> SafeString:
    return (
        pill(f"From {day(row.effective_at)}", "warn")
        if row.effective_at > timezone.now()
        else pill("Effective", "good")
    )


@admin.register(NoticeVersion, site=site)
class NoticeVersionAdmin(RegisterAdmin):
    """Published texts: added, never changed."""

    section = "Notices"
    add_capability = Capability.ANNOUNCE_NOTICES
    change_capability = None
    form = NoticeVersionForm
    row_fields = ("notice", "is_material", "text_en", "text_ur", "effective_at")
    detail_fields = ("number", "content_hash", "announced_at", "notice_days")
    list_display = ("notice", "number", "owner", "kind", "state", "effective_at")
    list_filter = ("is_material", "client")
    intro = "Published texts. A material version asks everyone for a new consent; a minor one does not."
    state = state_column(_effect)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring the notices along."""
        return super().get_queryset(request).select_related("notice")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the Urdu text of a published version right to left."""
        sets = super().get_fieldsets(request, obj)
        if obj is not None:
            fields = ["urdu" if name == "text_ur" else name for name in sets[0][1]["fields"]]
            sets[0] = (None, {"fields": fields})
        return sets

    @admin.display(description="kind")
    def kind(self, row: NoticeVersion) -> SafeString:
        """Show whether consents must be renewed."""
        return pill("Material", "warn") if row.is_material else pill("Minor")

    @admin.display(description="text (Urdu)")
    def urdu(self, row: NoticeVersion) -> SafeString:
        """Show the Urdu text right to left."""
        return format_html('<div lang="ur" dir="rtl" class="urdu">{}</div>', row.text_ur)

    def write(self, row: NoticeVersion, **details: Any) -> None:
        """Publish the version."""
        made = publish_notice_version(
            row.notice,
            text_en=row.text_en,
            text_ur=row.text_ur,
            is_material=row.is_material,
            effective_at=row.effective_at,
            actor=details["actor"],
            reason=details["reason"],
            at=details["at"],
        )
        row.pk = made.pk
