"""Console pages of disposals."""

from collections.abc import Container
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.data_systems.admin import ORDERS_TEMPLATE, list_order_lines
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.rests_on import RestsOn
from paktaleem.directory.data_systems.selectors import name_systems
from paktaleem.directory.people.admin.people import person_url
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.console.approvals import waiting_panels
from paktaleem.foundation.console.columns import moment, render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import SortByWaitingTime, progress_filter
from paktaleem.foundation.console.forms import ActionForm, GroundField, set_choices
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import format_category
from paktaleem.foundation.console.row_actions import act_page, certificate_actions
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.first_rows import take_first, take_latest
from paktaleem.foundation.tenancy.context import in_client
from retention.data_map.models import MapLine
from retention.data_map.selectors import list_declared
from retention.disposals.models import Batch, Certificate, Item, ItemState, Stage
from retention.disposals.selectors import find_certificate, get_progress
from retention.disposals.services.batches import (
    CONTINUE,
    PARENT,
    SWEEP,
    approve_disposal,
    cancel_disposal,
    pause_disposal,
    resume_disposal,
    take_out,
)
from retention.disposals.services.executing import render_certificate
from retention.schedule.labels import last_day
from retention.schedule.models import AnonymisationMethod, Disposal

_SAMPLES, _ORDERS = 20, 50


def build_panels(row: Batch) -> list[dict[str, object]]:
    """Return the panels of a batch, in the context of its client; the number of queries does not grow with its size."""
    certificate = find_certificate(row)
    found: list[dict[str, object]] = [_progress_panel(row, certificate), _counts_panel(row, certificate)]
    if row.stage in {Stage.REVIEW, Stage.SECOND_PERSON, Stage.SCHEDULED}:
        found.append(_samples_panel(row))
    if row.stage in {Stage.EXECUTING, Stage.VERIFYING}:
        own = Order.objects.open().filter(client_id=row.client_id, parent_kind=PARENT, parent_id=row.pk)
        keys = take_first(own.order_by("due_at", "pk").values_list("pk", flat=True), _ORDERS)
        lines = list_order_lines(Order.objects.filter(client_id=row.client_id, pk__in=list(keys)))
        found.append({"template": ORDERS_TEMPLATE, "lines": keys.with_rows(lines)})
    return found


def _progress_panel(row: Batch, certificate: Certificate | None) -> dict[str, object]:
    progress = get_progress(row)
    return {
        "template": "console/panels/disposal_progress.html",
        "row": row,
        "total": progress.total,
        "lines": [(state.label, progress.counts[state]) for state in ItemState if progress.counts.get(state)],
        "causes": sorted((str(cause.label), count) for cause, count in progress.causes.items()),
        "sha256": certificate.sha256 if certificate else "",
    }


def _counts_panel(row: Batch, certificate: Certificate | None) -> dict[str, object]:
    """Return what was flagged, or what the certificate says of it, and what each line rests on."""
    counts = row.summary if certificate is None else read_body(certificate)["counts"]
    names = name_systems(row.client_id, (one["system"] for one in counts if one["system"]))
    declared = list_declared(row.client_id)
    lines = [_serialize(one, row.client_id, names) | {"rests_on": _describe_basis(one, declared)} for one in counts]
    return {"template": "console/panels/disposal_counts.html", "lines": lines}


def _describe_basis(one: dict[str, Any], declared: Container[tuple[str, str]]) -> str:
    """Return what a line rests on: of a certificate also its state, and whether the system confirmed it."""
    if "rests_on" in one:
        return f"{ItemState(one['state']).label} · {RestsOn.from_codes(one).describe()}"
    is_declared = (one["system"], one["category"]) in declared
    return RestsOn(is_reported=one.get("is_reported", True), is_declared=is_declared).describe_origin()


def _serialize(one: dict[str, Any], client_id: UUID, names: dict[str, str]) -> dict[str, object]:
    rule = one["rule"]
    method = AnonymisationMethod(one["method"]).label if one["method"] else ""
    return {
        "category": format_category(one["category"], client_id),
        "system": names.get(one["system"], "—"),
        "action": f"{Disposal(one['action']).label}: {method}" if method else Disposal(one["action"]).label,
        "count": one["count"],
        "url": reverse("admin:schedule_retentionrule_change", args=[rule], current_app=site.name) if rule else "",
    }


def _samples_panel(row: Batch) -> dict[str, object]:
    """Return the holdings that were used last: a wrong rule shows there first."""
    of_item = {"client_id": OuterRef("client_id"), "system": OuterRef("system_id"), "category": OuterRef("category")}
    flagged = Item.objects.flagged().filter(client_id=row.client_id, batch=row).select_related("subject")
    own: QuerySet[Any] = flagged.annotate(is_declared=Exists(MapLine.objects.current().filter(**of_item)))
    zone = row.client.time_zone
    lines = take_latest(own.order_by("-used_at", "pk"), _SAMPLES).map(
        lambda item: {
            "item": item,
            "category": format_category(item.category, row.client_id),
            "person": person_url(item.subject_id),
            "last_day": last_day(item.due_at, zone),
            "rests_on": RestsOn(
                is_reported=item.holding_id is not None, is_declared=item.is_declared
            ).describe_origin(),
        }
    )
    return {"template": "console/panels/disposal_samples.html", "lines": lines}


class TakeOutForm(ActionForm):
    person = forms.CharField(label=_("LMS id of the person"), max_length=255)
    category = forms.ChoiceField(label=_("Data category"), required=False)
    until = forms.DateField(
        label=_("Keep until"),
        required=False,
        widget=DayInput,
        help_text=_("Without a day, the data is flagged again after 90 days."),
    )
    ground = GroundField(help_text=_("About the case only; do not name people."))

    def prepare(self) -> None:
        codes = sorted({one["category"] for one in self.row.summary})
        named = [(code, format_category(code, self.row.client_id)) for code in codes]
        set_choices(self, "category", [("", gettext("Every category")), *named])


_TONES = {Stage.REVIEW: "warn", Stage.SECOND_PERSON: "warn", Stage.CERTIFIED: "good", Stage.CANCELLED: "calm"}


def _pill(row: Batch) -> SafeString:
    words = row.get_stage_display()
    if row.stage == Stage.FLAGGING:
        share = 100 * row.sweep.checked // max(row.sweep.held, 1)
        words = gettext("Being put together: {share} %").format(share=share)
    if row.stage == Stage.SCHEDULED:
        words = gettext("Scheduled for {day}").format(day=moment(row.starts_at))
    if row.paused_at is not None and row.ended_at is None:
        return render_state(gettext("Interrupted: {stage}").format(stage=words), "bad")
    return render_state(words, _TONES.get(Stage(row.stage), "calm"))


_CERTIFICATES = certificate_actions(
    Capability.VIEW_HOLDINGS,
    find=find_certificate,
    render=render_certificate,
    name=lambda row: f"disposal-{row.number}",
    applies=lambda row, _at: row.stage == Stage.CERTIFIED,
)


@admin.register(Batch, site=site)
class BatchAdmin(SortByWaitingTime, ExportableAdmin[Batch], EvidenceAdmin[Batch]):
    view_capability = Capability.VIEW_HOLDINGS
    ledger_families = ("disposal",)
    loaded = ("sweep", "client")
    list_display = ("opened_at", "name", "standing", "size", "decider", "owner")
    list_filter = (progress_filter(open=_("Open")), "client")
    exported = "ground decider is_automatic stage size opened_at reviewed_at approved_at starts_at ordered_at ended_at"
    longest_first = {"open": "opened_at", "to_review_at": "opened_at"}
    row_fields = ("ground", "decider", "is_automatic", "size")
    detail_fields = ("name", "standing", "opened_at", "approved_at", "starts_at", "ordered_at", "ended_at")
    intro = (
        "Data whose retention period is over. Every night what is due is put together; the controller of the data "
        "reviews and approves it. Every holding is checked again before the systems are ordered to dispose of it, and "
        "a certificate says what they answered."
    )
    empty_text = "No data has been due for disposal yet."
    standing = state_column(_pill)
    name = text_column(lambda row: row.number, "number")
    acts = (
        approve_disposal,
        act_page(take_out, form=TakeOutForm),
        pause_disposal,
        resume_disposal,
        cancel_disposal,
        *_CERTIFICATES,
    )

    def panels(self, request: HttpRequest, row: Batch) -> list[dict[str, object]]:
        with in_client(row.client_id):
            return [*super().panels(request, row), *waiting_panels(row), *build_panels(row)]


order_cases.connect(OrderCase(PARENT, Batch))


def measure_disposal(row: Batch) -> Progress | None:
    stopped = str(_("interrupted by staff")) if row.paused_at else ""
    if row.stage == Stage.FLAGGING:
        return Progress(row.sweep.checked, row.sweep.held, row.opened_at)
    if row.stage == Stage.EXECUTING:
        counts = get_progress(row).counts
        total, left = sum(counts.values()), counts.get(ItemState.FLAGGED, 0)
        began = row.approved_at or row.opened_at
        return Progress(total - left, total, began, failed=stopped, started_by=row.approved_by)
    if row.stage == Stage.CERTIFIED:
        return Progress(row.size, row.size, row.approved_at or row.opened_at, row.ended_at, started_by=row.approved_by)
    return None


def _list_rows(since: datetime) -> QuerySet[Batch]:
    lately = Q(stage__in=[Stage.FLAGGING, Stage.EXECUTING]) | Q(stage=Stage.CERTIFIED, ended_at__gte=since)
    return Batch.objects.filter(lately).select_related("sweep").defer("pseudonym_key").order_by("-opened_at", "-pk")


_JOBS = frozenset({SWEEP, CONTINUE})
long_acts.connect(
    LongAct("disposals.batch", _("Disposal"), _JOBS, Capability.VIEW_HOLDINGS, _list_rows, measure_disposal)
)
