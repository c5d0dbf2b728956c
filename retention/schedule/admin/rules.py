"""Retention rules in the console: the effect before saving, and the published schedule as a page and as a file."""

import io
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext

from consent.register.admin.row_admin import PeriodAdmin
from consent.register.admin.safeguards import SafeguardedAdmin, to_waiting
from consent.register.models.safeguards import SafeguardChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.client_choice import get_chosen_client, list_choice_values
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.field_words import FieldWords, field_words
from paktaleem.foundation.console.register_names import format_category
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.spreadsheets import TYPES, Format, write_sheet
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.admin.forms import EndRuleForm, RuleForm
from retention.schedule.labels import describe_action, describe_period, describe_roles, describe_trigger
from retention.schedule.models.rules import RetentionRule
from retention.schedule.portal_data import list_portal_lines
from retention.schedule.selectors.schedule import ScheduleLine, list_schedule
from retention.schedule.services.rules import end_rule, request_earlier_disposal, save_rule


def _end(row: RetentionRule, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    actor, at = actor_of(request), get_action_time(request)
    if "ground" not in given:
        end_rule(row, actor=actor, reason=given["reason"], at=at)
        return None
    row.ends_at = at
    return to_waiting(request, request_earlier_disposal(row, ground=given["ground"], actor=actor, at=at))


@admin.register(RetentionRule, site=site)
class RetentionRuleAdmin(SafeguardedAdmin, PeriodAdmin):
    """Console pages of retention rules."""

    form = RuleForm
    add_capability = change_capability = Capability.MANAGE_RETENTION
    row_fields = (
        "category",
        "purpose",
        "role",
        "trigger",
        "fixed_on",
        "period",
        "action",
        "method",
        "is_automatic",
        "ground_en",
        "ground_ur",
        "minimum",
        "maximum",
        "starts_at",
        "ends_at",
    )
    fixed = ("category", "purpose", "role", "starts_at")
    fixed_once_started = (
        "trigger",
        "fixed_on",
        "period",
        "action",
        "method",
        "is_automatic",
        "ground_en",
        "ground_ur",
        "minimum",
        "maximum",
    )
    list_display = ("category", "purpose", "role", "counted", "lasts", "then", "owner", "state")
    list_filter = ("trigger", "role", "client")
    ordering = ("-starts_at", "-id")
    newest_by = "starts_at"
    change_list_template = "console/rules.html"
    change_form_template = "console/rule.html"
    intro = (
        "How long data of a category is kept for a purpose, and what happens then. A client’s own rule takes "
        "precedence over PakTaleem’s, inside PakTaleem’s bounds. A rule that has started cannot change: add another "
        "one, or end it."
    )
    empty_text = "No rule yet: no data is disposed of."
    acts = (
        RowAction(
            "end",
            "End this rule",
            Capability.MANAGE_RETENTION,
            _end,
            form=EndRuleForm,
            template="console/end_rule.html",
            lead="From now on PakTaleem’s rule for the same data applies, or none: then the data is not disposed of.",
            done="Ended.",
            danger=True,
            applies=lambda row, at: row.starts_at < at and (row.ends_at is None or row.ends_at > at),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related purpose."""
        return super().get_queryset(request).select_related("purpose")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the hidden field that says which effect was seen."""
        [(name, main), *others] = super().get_fieldsets(request, obj)
        if others:
            main = {**main, "fields": [*main["fields"], "seen"]}
        return [(name, main), *others]

    def save_row(self, row: Any, **details: Any) -> None:
        """Add or change the rule."""
        save_rule(row, actor=details["actor"], reason=details["reason"], at=details["at"])

    def request_change(self, row: Any, **request: Any) -> SafeguardChange:
        """Request a rule by which data is disposed of earlier, or without a review."""
        return request_earlier_disposal(row, **request)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Show a message and the list."""
        if getattr(request, "waiting", None) is not None:
            return super().response_change(request, obj)
        messages.success(request, gettext("The rule is saved."))
        return self._redirect(obj)

    def _redirect(self, obj: Any) -> HttpResponse:
        return HttpResponse(status=302, headers={"Location": self.url_of("change", obj)})

    def get_urls(self) -> list[URLPattern]:
        """Add the published schedule, as a page and as a file."""
        view = self.admin_site.admin_view
        return [
            path("schedule/", view(self.schedule_view), name="schedule_retentionrule_schedule"),
            path("schedule/file/", view(self.file_view), name="schedule_retentionrule_file"),
            *super().get_urls(),
        ]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        """Show the schedule of a client, or PakTaleem's shared one."""
        client, lines = self._schedule(request)
        values = {
            "title": gettext("Retention schedule"),
            **list_choice_values(request, client),
            "is_shared": client.pk == PAKTALEEM,
            "lines": [_serialize_line(line) for line in lines],
            "gaps": sum(line.is_gap for line in lines),
            "portal_lines": list_portal_lines(),
            "public_url": reverse("privacy-of", args=[client.code]),
        }
        return self.page(request, None, "console/schedule.html", **values)

    def file_view(self, request: HttpRequest) -> HttpResponseBase:
        """Return the schedule as a spreadsheet: the same lines as on the page, which are published."""
        client, lines = self._schedule(request)
        file = io.BytesIO()
        write_sheet(Format.XLSX, file, _headings(), [*(_to_cells(line) for line in lines), *_portal_cells()])
        file.seek(0)
        today = get_action_time(request).astimezone(ZoneInfo(client.time_zone))
        name = f"retention-schedule-{client.code}-{today:%Y%m%d}.xlsx"
        return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[Format.XLSX])

    def _schedule(self, request: HttpRequest) -> tuple[Client, list[ScheduleLine]]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        client = get_chosen_client(request)
        with in_client(client.pk):
            lines = list_schedule(client.pk, at=get_action_time(request), language=get_language() or "en")
        return client, lines

    def describe_row(self, row: RetentionRule) -> str:
        """Return the names of category and purpose, and the period in words."""
        return f"{format_category(row.category, row.client_id)} · {row.purpose} · {describe_period(row.period)}"

    @admin.display(description="counted from")
    def counted(self, row: RetentionRule) -> str:
        """Return the trigger."""
        return describe_trigger(row)

    @admin.display(description="kept for")
    def lasts(self, row: RetentionRule) -> str:
        """Return the period in words."""
        return describe_period(row.period)

    @admin.display(description="then")
    def then(self, row: RetentionRule) -> str:
        """Return what is done afterwards."""
        return describe_action(row)


_COLUMNS = ("category", "purpose", "role", "trigger", "period", "iso", "action", "ground", "minimum", "maximum", "of")


def _headings() -> tuple[str, ...]:
    return (
        gettext("Data category"),
        gettext("Purpose"),
        gettext("Role"),
        gettext("Counted from"),
        gettext("Kept for"),
        "ISO 8601",
        gettext("Then"),
        gettext("Ground"),
        gettext("At least"),
        gettext("At most"),
        gettext("Rule of"),
    )


def _portal_cells() -> list[tuple[str, ...]]:
    """Return the portal's own data as rows of the same columns: no purpose, role or ground."""
    blank = dict.fromkeys(_COLUMNS, "")
    rows = [{**blank, **line, "of": "PakTaleem"} for line in list_portal_lines()]
    return [tuple(row[column] for column in _COLUMNS) for row in rows]


def _to_cells(line: ScheduleLine) -> tuple[str, ...]:
    shown = _serialize_line(line)
    return tuple(str(shown[column]) for column in _COLUMNS)


def _serialize_line(line: ScheduleLine) -> dict[str, Any]:
    """Return a line with its words; the cells of a gap are empty, and it has no rule."""
    rule, urdu = line.rule, get_language() == "ur"
    shown: dict[str, Any] = {
        "category": line.category_name,
        "purpose": line.purpose.name_ur if urdu else line.purpose.name_en,
        "role": describe_roles(line.roles) or gettext("Every role"),
        "is_gap": line.is_gap,
        **dict.fromkeys(("trigger", "period", "iso", "action", "ground", "minimum", "maximum", "of", "url"), ""),
    }
    if rule is None:
        return {**shown, "trigger": gettext("No rule"), "state": render_state("No rule", "bad")}
    return {
        **shown,
        "trigger": describe_trigger(rule),
        "period": describe_period(rule.period),
        "iso": rule.period,
        "action": describe_action(rule),
        "ground": rule.ground_ur if urdu else rule.ground_en,
        "minimum": describe_period(line.minimum) if line.minimum else "",
        "maximum": describe_period(line.maximum) if line.maximum else "",
        "of": "PakTaleem" if rule.client_id == PAKTALEEM else gettext("The client"),
        "url": reverse("admin:schedule_retentionrule_change", args=[rule.pk], current_app=site.name),
    }


field_words.connect(FieldWords("schedule.retentionrule", frozenset({"maximum", "minimum", "period"}), describe_period))
