"""List columns and formatting: client, actor, reason, state, time."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, CharField, DateTimeField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_noop

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership, User
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Role
from paktaleem.foundation.audit.actors import OWN_ACCOUNT, ByKind, Reason
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.forms import find_words
from paktaleem.foundation.console.register_names import CodeKind, format_codes
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.text.times import bare, format_date, format_time, join_words

_CODE_FIELDS = {
    **dict.fromkeys(("purpose", "purpose_code", "purposes"), CodeKind.PURPOSE),
    **dict.fromkeys(("category", "categories", "demanded", "disclosed", "held"), CodeKind.CATEGORY),
    **dict.fromkeys(("occasion", "occasions"), CodeKind.OCCASION),
}
"""Fields that hold codes of the register, if they are no references to rows and have no choices of their own."""
WRITTEN_AS_CODE = frozenset({"code", "key"})
_LANGUAGE_FIELDS = frozenset({"language", "said_language"})
_LANGUAGES = dict(settings.LANGUAGES)
"""Fields that programs read: their values are shown as code."""
_ROLE_LABELS: dict[str, str] = {
    Role.PRIVACY_OFFICER: gettext_noop("privacy officer"),
    Role.SUPPORT_AGENT: gettext_noop("support agent"),
    Role.AUDITOR: gettext_noop("auditor"),
    Role.CLIENT_ADMIN: gettext_noop("client administrator"),
    Role.CLIENT_AUDITOR: gettext_noop("client auditor"),
    OWN_ACCOUNT: gettext_noop("own account"),
}


def client_name(column: str = "client_id") -> Subquery:
    """Return a subquery for the name of each row's client; empty for PakTaleem's rows in a client's context."""
    return Subquery(Client.objects.filter(pk=OuterRef(column)).order_by().values("name")[:1])


def annotate_actor(found: QuerySet[Any], viewer: Actor) -> QuerySet[Any]:
    """Annotate the actor's name; clients see PakTaleem's staff as PakTaleem."""
    email: Any = Subquery(User.objects.filter(pk=OuterRef("actor_id"), erased_at=None).order_by().values("email")[:1])
    if viewer.client_id is not None:
        masked = When(actor_role__in=sorted(OFFICER_ROLES), then=Value("PakTaleem"))
        email = Case(masked, default=email, output_field=CharField())
    key = Subquery(ApiKey.objects.filter(pk=OuterRef("actor_id")).order_by().values("name")[:1])
    annotated: QuerySet[Any] = found.annotate(actor_email=email, actor_key=key)
    return annotated


def staff_name(column: str, viewer: Actor) -> Any:
    """Return an expression for the email of the member of staff in a column; clients see PakTaleem's as PakTaleem."""
    email = Subquery(User.objects.filter(pk=OuterRef(column), erased_at=None).order_by().values("email")[:1])
    if viewer.client_id is None:
        return email
    colleagues = Membership.objects.filter(client_id=viewer.client_id, user_id=OuterRef(column)).order_by()
    colleague = Coalesce(Subquery(colleagues.values("user__email")[:1]), Value("PakTaleem"))
    return Case(When(**{f"{column}__isnull": False}, then=colleague))


def format_actor(row: Any) -> str:
    if row.actor_kind == ByKind.USER:
        return f"{row.actor_email or _('Former staff')}, {role_label(row.actor_role)}"
    if row.actor_kind == ByKind.API_KEY:
        return f"{_('API key')} “{row.actor_key}”" if row.actor_key else _("API key")
    return _("The data subject") if row.actor_kind == ByKind.SUBJECT else _("System")


def role_label(code: str) -> str:
    return translate_text(_ROLE_LABELS.get(code, code))


def reason_label(code: str | None) -> str:
    return translate_text(dict(Reason.choices).get(code or "", code or ""))


def render_with_code(words: str, code: str) -> SafeString:
    return format_html('{} <code class="beside">{}</code>', words, code)


def render_state(text: object, tone: str = "calm") -> SafeString:
    """Return a state as a coloured label; ``tone`` is good, warn, bad or calm, in addition to the text."""
    return format_html('<span class="pill pill-{}">{}</span>', tone, translate_text(text))


def period_pill(row: Any) -> SafeString:
    at = get_time_of(row.client_id)
    if row.ends_at == row.starts_at:
        return render_state("Cancelled")
    if row.starts_at > at:
        return render_state(_("From {day}").format(day=day(row.starts_at)), "warn")
    if row.ends_at is not None and row.ends_at <= at:
        return render_state(_("Ended {day}").format(day=day(row.ends_at)))
    return render_state(_("In force"), "good")


def day(value: datetime | None) -> str:
    return format_date(value) if value else "—"


def moment(value: datetime | None) -> str:
    """Return a time to the minute in the reader's time zone, or a dash."""
    return format_time(value) if value else "—"


def day_tag(value: datetime | None) -> SafeString | str:
    return _tag(value, format_date(value)) if value else "—"


def moment_tag(value: datetime | None) -> SafeString | str:
    return _tag(value, format_time(value)) if value else "—"


def with_known_columns(options: Any, columns: Iterable[Any]) -> list[Any]:
    """Return the columns of a list; times and codes of the register by their names. ``options``: ``_meta``."""
    named = WRITTEN_AS_CODE | _LANGUAGE_FIELDS
    known = {
        field.name: field
        for field in options.fields
        if isinstance(field, DateTimeField) or field.name in named or is_code_field(field)
    }
    return [_known_column(known[one]) if one in known else one for one in columns]


def is_code_field(field: Any) -> bool:
    """Return True if a field holds codes of the register that have names."""
    return field.name in _CODE_FIELDS and field.remote_field is None and not field.choices


def _known_column(field: Any) -> Callable[[Any], SafeString | str]:
    @admin.display(description=field.verbose_name, ordering=field.name, empty_value="—")
    def column(row: Any) -> SafeString | str:
        return render_known(row, field.name) or "—"

    column.__name__ = field.name  # Django names the CSS class of the cells after it
    return column


def render_contents(field: Any) -> SafeString | str:
    """Return a read-only field of a form (``AdminReadonlyField``): times, codes, and yes or no, in words."""
    name = field.field["name"]
    if isinstance(name, str) and isinstance(value := getattr(field.form.instance, name, None), bool):
        return _("Yes") if value else _("No")
    return (render_known(field.form.instance, name) if isinstance(name, str) else "") or field.contents()


def list_shown(line: Iterable[Any]) -> list[tuple[Any, SafeString | str]]:
    """List the fields of a line of a form, without read-only ones that are empty; a read-only one with its contents."""
    shown = [(field, render_contents(field) if field.is_readonly else "") for field in line]
    return [
        (field, text) for field, text in shown if not field.is_readonly or text not in {"", field.empty_value_display}
    ]


def explain_value(field: Any) -> str:
    """Return the help of a field; of a read-only one only what helps to read it: a yes or no, or what was recorded."""
    help_text = str(field.field["help_text"]) if field.is_readonly else str(field.field.help_text)
    if not field.is_readonly or not help_text:
        return help_text
    page, name = field.model_admin, field.field["name"]
    if isinstance(getattr(field.form.instance, name, None), bool):
        return help_text
    has_form = page.add_capability is not None or page.change_capability is not None
    return "" if name in page.entered or (has_form and name in page.row_fields) else help_text


def render_known(row: Any, name: str) -> SafeString | str:
    """Return a time, codes and languages by their names, or ``find_words``; empty for any other value."""
    value = getattr(row, name, None)
    if isinstance(value, datetime):
        return moment_tag(value)
    if name in _LANGUAGE_FIELDS and value in _LANGUAGES:
        return _LANGUAGES[value]
    if value and name in WRITTEN_AS_CODE:
        return format_html("<code>{}</code>", value)
    if value and (describe := find_words(row._meta.label_lower, name)) is not None:
        return describe(value)
    field = next((one for one in row._meta.fields if one.name == name), None)
    is_named = isinstance(field, ArrayField) or (field is not None and is_code_field(field))
    return format_code_field(field, value, row.client_id) if value and is_named else ""


def format_code_field(field: Any, value: str | list[str], client_id: UUID) -> str:
    """Return the names of the codes that a field holds, of the register or its own choices; others as they are."""
    codes = [value] if isinstance(value, str) else value
    if is_code_field(field):
        return format_codes(_CODE_FIELDS[field.name], codes, client_id)
    labels = dict(field.base_field.flatchoices) if isinstance(field, ArrayField) else {}
    return join_words(str(labels.get(code, code)) for code in codes)


def _tag(at: datetime, shown: str) -> SafeString:
    exact = at.astimezone(UTC).isoformat().replace("+00:00", "Z")  # to the microsecond, the same for every reader
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, exact, bare(shown))


def actor_column(name: str = "by") -> Any:
    return text_column(format_actor, name)


def text_column(describe: Callable[[Any], object], name: str) -> Any:
    @admin.display(description=name)
    def text(self: Any, row: Any) -> object:  # noqa: ARG001 -- called as a method of the page
        return describe(row)

    return text


reason_column = text_column(lambda row: reason_label(row.reason), "reason")


def state_column(describe: Callable[[Any], SafeString], name: str = "state") -> Any:
    @admin.display(description=name)
    def state(self: Any, row: Any) -> SafeString:  # noqa: ARG001 -- called as a method of the page
        return describe(row) or render_state("—")

    return state
