"""Exits in the console."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.data_systems.models import OrderKind
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, progress_filter
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of, by_user_for, get_action_time
from paktaleem.foundation.console.row_actions import (
    AddedAct,
    RowAction,
    Weakens,
    added_acts,
    calls,
    certificate_actions,
)
from paktaleem.foundation.console.site import site
from paktaleem.foundation.text.typesetting import typeset_certificate
from paktaleem.office.exits.models import AgreementExit, Choice, ExitCertificate, ExitPart, ExitStage
from paktaleem.office.exits.services import ending, exporting
from paktaleem.office.exits.services.ending import CASE, CONTINUE
from retention.disposals.selectors import get_progress
from retention.inventories.selectors import list_awaited
from rights.packages.views import stream_archive

_MOST_DAYS = 730


class ProposeForm(ActionForm):
    choice = forms.ChoiceField(label=_("The client’s choice"), choices=Choice.choices, widget=forms.RadioSelect)
    return_days = forms.IntegerField(
        label=_("Days for the return"),
        min_value=1,
        max_value=_MOST_DAYS,
        initial=30,
        help_text=_("Counted from the approval. Without a return this has no effect."),
    )
    delete_days = forms.IntegerField(
        label=_("Days until everything is deleted"),
        min_value=1,
        max_value=_MOST_DAYS,
        initial=60,
        help_text=_("Counted from the approval."),
    )


class PartForm(RowActionForm):
    part = forms.ChoiceField(label=_("Part"))

    def prepare(self) -> None:
        rows = ExitPart.objects.filter(client_id=self.row.client_id, exit=self.row).select_related("file")
        self.offered = {str(part.pk): part for part in rows}
        set_choices(self, "part", [(key, str(part)) for key, part in self.offered.items()])

    def clean_part(self) -> ExitPart:
        return self.offered[self.cleaned_data["part"]]


_TONES = {ExitStage.PROPOSED: "warn", ExitStage.DECLINED: "calm", ExitStage.CERTIFIED: "good"}


def _render_stage(row: Any) -> SafeString:
    label = gettext("Interrupted") if row.paused_at is not None else row.get_stage_display()
    return render_state(label, _TONES.get(ExitStage(row.stage), "warn"))


def _open_part(row: AgreementExit, given: FormData, request: HttpRequest) -> HttpResponse:
    part: ExitPart = given["part"]
    content = exporting.open_part(part, **by_user_for(request, given["reason"]))
    return stream_archive(content, name=f"{row}-part-{part.number:05}.zip", size=part.file.size)


def _find_certificate(row: AgreementExit) -> ExitCertificate | None:
    found: ExitCertificate | None = ExitCertificate.objects.filter(client_id=row.client_id, exit=row).first()
    return found


added_acts.connect(
    AddedAct(
        "consent.serviceagreement",
        RowAction(
            "exit",
            "End and exit",
            Capability.DECIDE_FOR_CLIENT,
            calls(ending.propose_exit, shows_result=True),
            form=ProposeForm,
            lead="Ends the agreement, returns the data if the client wants it, and deletes it everywhere. An officer "
            "must approve it as a second person; until then nothing happens.",
            danger=True,
            weakens=Weakens.ALWAYS,
            applies=lambda row, at: row.state(at) in {"active", "ended"},
        ),
    )
)


render_certificate = partial(typeset_certificate, Path(__file__).with_name("certificate.typ"))
"""Returns a certificate as PDF, in English and Urdu."""


_DETAILS = (
    "agreement standing choice return_until returned_at return_declined_at refusal delete_by ground requested_at "
    "settled_at paused_at ended_at"
)


@admin.register(AgreementExit, site=site)
class AgreementExitAdmin(EvidenceAdmin[AgreementExit]):
    view_capability = Capability.VIEW_REGISTER
    ledger_families = ("exit",)
    loaded = ("agreement",)
    list_display = ("__str__", "owner", "standing", "choice", "delete_by", "requested_at")
    list_filter = (progress_filter(open=_("Open")), "client")
    detail_fields = tuple(_DETAILS.split())
    effect_fields = ("agreement", "choice", "return_until", "delete_by")
    entered = ("ground",)
    intro = (
        "The end of an agreement takes two people, of whom the second is an officer. Then the client’s staff lose "
        "access, its systems only carry out orders, its data is returned if it chose that, and deleted everywhere. "
        "Evidence without names stays. An exit is proposed on the agreement’s page."
    )
    empty_text = "No agreement is being ended, and none was."
    acts = (
        *approval_actions(
            ending.decide_exit,
            approve="Approve exit",
            decline="Decline exit",
            lead="From now on the agreement has ended, the client’s staff cannot sign in, and its systems only carry "
            "out orders. The deletion cannot be undone.",
            capability=Capability.APPROVE_EXITS,
            danger=True,
        ),
        RowAction(
            "part",
            "Download a part of the export",
            Capability.APPROVE_EXITS,
            _open_part,
            form=PartForm,
            lead="Hand it to the client over a secure channel. Each download is recorded with your name and reason.",
            applies=lambda row, _at: row.stage == ExitStage.RETURNING and row.exported > 0,
        ),
        exporting.confirm_return,
        exporting.decline_return,
        ending.delete_data,
        ending.pause_exit,
        ending.resume_exit,
        *certificate_actions(
            Capability.VIEW_REGISTER,
            find=_find_certificate,
            render=render_certificate,
            name=lambda row: f"exit-{row}",
            applies=lambda row, _at: row.stage == ExitStage.CERTIFIED,
        ),
    )

    standing = state_column(_render_stage)

    def panels(self, request: HttpRequest, row: AgreementExit) -> list[dict[str, Any]]:
        batch = ending.find_disposal(row)
        url = batch and reverse("admin:disposals_batch_change", args=[batch.pk], current_app=site.name)
        copies = exporting.list_copy_orders(row)
        wanted = {"parent_id": str(row.pk), "kind__exact": OrderKind.COLLECT.value}
        if actor_of(request).client_id is None:
            wanted[CLIENT_PARAMETER] = str(row.client_id)
        orders = reverse("admin:data_systems_order_changelist", current_app=site.name)
        return [
            {
                "template": "console/panels/exit.html",
                "row": row,
                "parts": ExitPart.objects.filter(client_id=row.client_id, exit=row).count(),
                "copies": copies.count(),
                "copies_url": f"{orders}?{urlencode(wanted)}",
                "copies_given": copies.exclude(ended_at=None).count(),
                "batch": batch,
                "batch_url": url,
                "progress": None if batch is None else get_progress(batch),
                "certificate": _find_certificate(row),
                "is_to_repeat": ending.is_to_repeat(row),
                "awaited": list_awaited(row.client_id, at=get_action_time(request))
                if row.stage in {ExitStage.DELETING, ExitStage.ERASING}
                else [],
            }
        ]


order_cases.connect(OrderCase(CASE, AgreementExit))


def measure_exit(row: AgreementExit) -> Progress | None:
    """Return how many people are exported or erased; None while it waits for people or systems."""
    counts = {
        ExitStage.EXPORTING: row.exported,
        ExitStage.ERASING: row.erased + row.kept,
        ExitStage.CERTIFIED: row.people,
    }
    done = counts.get(ExitStage(row.stage))
    if done is None:
        return None
    began, stopped = row.settled_at or row.requested_at, str(_("interrupted by staff")) if row.paused_at else ""
    return Progress(done, row.people, began, row.ended_at, failed=stopped, started_by=row.settled_by)


def _list_rows(since: datetime) -> QuerySet[AgreementExit]:
    lately = Q(stage__in=[ExitStage.EXPORTING, ExitStage.ERASING]) | Q(ended_at__gte=since)
    rows: QuerySet[AgreementExit] = AgreementExit.objects.filter(lately)
    return rows.select_related("agreement").defer("wrapped").order_by("-requested_at", "-pk")


long_acts.connect(
    LongAct(
        "exits.agreementexit",
        _("End of an agreement"),
        frozenset({CONTINUE}),
        Capability.VIEW_REGISTER,
        _list_rows,
        measure_exit,
    )
)
