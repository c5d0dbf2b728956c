"""Packs for regulators in the console: request one, follow its progress, take it as PDF or ZIP."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.console.columns import format_actor, reason_label, render_state, state_column, text_column
from paktaleem.foundation.console.forms import FormData, ScopedForm
from paktaleem.foundation.console.home_pages import HomeLink, home_links
from paktaleem.foundation.console.long_acts import LongAct, Progress
from paktaleem.foundation.console.model_admin import Saving, ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, by_user_for
from paktaleem.foundation.console.row_actions import RowAction, act_page, send_file
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.office.reports.models import PackState, RegulatorPack
from paktaleem.office.reports.regulator.services import GATHER, SECTIONS, request_pack, retry_pack, take_pack

_TONES = {PackState.GATHERING: "warn", PackState.READY: "good", PackState.FAILED: "bad"}


class PackForm(ScopedForm):
    def clean(self) -> FormData:
        cleaned: FormData = super().clean() or self.cleaned_data
        since, until = cleaned.get("since_on"), cleaned.get("until_on")
        if since and until and until < since:
            self.add_error("until_on", gettext("Choose a day that is not before the first one."))
        return cleaned


def _take(form: str, lead: str) -> RowAction:
    def take(row: RegulatorPack, given: FormData, request: HttpRequest) -> HttpResponse:
        content = take_pack(row, form=form, **by_user_for(request, given["reason"]))
        name = f"pack-{row.client.code}-{row.since_on:%Y%m%d}-{row.until_on:%Y%m%d}.{form}"
        return send_file(content, name, f"application/{form}")

    return RowAction(
        form,
        f"Take as {form.upper()}",
        Capability.ADMINISTER_CLIENT,
        take,
        lead=lead,
        applies=lambda row, _at: row.state == PackState.READY,
    )


@admin.register(RegulatorPack, site=site)
class RegulatorPackAdmin(ScopedAdmin[RegulatorPack]):
    form = PackForm
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("regulator_pack",)
    add_capability = Capability.ADMINISTER_CLIENT
    row_fields = ("since_on", "until_on")
    fixed = ("since_on", "until_on")
    detail_fields = ("shown_state", "why", "requester", "requested_at", "ready_at")
    list_display = ("__str__", "owner", "shown_state", "requested_at", "ready_at")
    list_filter = ("state", "client")
    sortable_by = ()
    intro = (
        "Records about one client and period, for a supervisory authority: register, notices, answers about consent, "
        "rights requests with the days to their answer, incidents and breaches, disclosures, demands of authorities, "
        "data used without a question, disposals. A pack names no person, and an authority only if the person was "
        "informed of its demand."
    )
    empty_text = "No pack has been requested yet."
    why = text_column(lambda row: reason_label(row.reason_code), "reason")
    shown_state = state_column(lambda row: render_state(row.get_state_display(), _TONES[PackState(row.state)]))
    acts = (
        _take("pdf", "In English and Urdu, with the SHA-256 of its content. Who takes it, and why, is recorded."),
        _take(
            "zip",
            "The PDF, every line as CSV, the content as JSON, and the hash of each file. Who takes it, and why, "
            "is recorded.",
        ),
        act_page(retry_pack, applies=lambda row, _at: row.state == PackState.FAILED),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        email: Any = Subquery(User.objects.filter(pk=OuterRef("requester_id")).order_by().values("email")[:1])
        if actor_of(request).client_id is not None:
            officers = When(requested_role__in=sorted(OFFICER_ROLES), then=Value("PakTaleem"))
            email = Case(officers, default=email, output_field=CharField())
        found = super().get_queryset(request).select_related("client").defer("parts")
        return found.annotate(requester_email=email)

    def has_change_permission(self, request: HttpRequest, obj: RegulatorPack | None = None) -> bool:  # noqa: ARG002
        return False  # a pack is requested, then gathered by the worker

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.row_fields:
            kwargs["widget"] = DayInput
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def write(self, row: RegulatorPack, saving: Saving) -> None:
        client = Client.objects.get(pk=row.client_id)
        row.pk = request_pack(client, since=row.since_on, until=row.until_on, **saving.by).pk

    @admin.display(description="requested by")
    def requester(self, row: Any) -> str:
        by = {"actor_kind": ByKind.USER, "actor_role": row.requested_role, "actor_email": row.requester_email}
        return format_actor(SimpleNamespace(**by))


home_links.connect(
    HomeLink(_("Pack for a regulator"), "admin:reports_regulatorpack_changelist", Capability.ADMINISTER_CLIENT)
)


def _measure(row: RegulatorPack) -> Progress:
    failed = str(_("a section could not be gathered")) if row.state == PackState.FAILED else ""
    return Progress(row.done, len(SECTIONS), row.requested_at, row.ready_at, failed, row.requester_id)


def _list_rows(since: datetime) -> QuerySet[RegulatorPack]:
    rows = RegulatorPack.objects.filter(Q(state=PackState.GATHERING) | Q(requested_at__gte=since))
    return rows.defer("parts").order_by("-requested_at", "-pk")


PACKS = LongAct(
    "reports.regulatorpack",
    _("Pack for a regulator"),
    frozenset({GATHER}),
    Capability.ADMINISTER_CLIENT,
    _list_rows,
    _measure,
)
