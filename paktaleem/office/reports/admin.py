"""Admin pages of trends, samples and digests."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext, gettext_lazy as _

from consent.decisions.models import MOST_DAYS
from paktaleem.directory.staff.administration.admin.clients import ClientPage, client_pages
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import moment_tag
from paktaleem.foundation.console.exporting import Format, send_table
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, get_filtered_client
from paktaleem.foundation.console.forms import FormData, ReasonField
from paktaleem.foundation.console.home_pages import HomePage, home_pages
from paktaleem.foundation.console.register_names import CodeKind, format_code
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import list_cards, select_attention, site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.reports import use_pages as _use_pages  # noqa: F401 -- connects its pages
from paktaleem.office.reports.digests import describe_looks, find_last_week
from paktaleem.office.reports.law import show_law_profiles
from paktaleem.office.reports.models import Measure
from paktaleem.office.reports.samples import (
    MOST,
    POPULATIONS,
    SEED,
    Population,
    PopulationKind,
    Sample,
    draw_sample,
)
from paktaleem.office.reports.trends import HEIGHT, WEEKS, Trends, draw_columns, get_trends
from retention.holdings.admin import AGE_LABELS

if TYPE_CHECKING:
    from uuid import UUID


def _show_digest(request: HttpRequest, client: Client | None) -> dict[str, object]:
    if client is None:
        return {}
    actor, at = actor_of(request), get_action_time(request)
    week = find_last_week(at, client.time_zone)
    with in_client(client.pk):
        return {
            "week": week,
            "looks": describe_looks(client.pk, week),
            "looks_url": reverse("admin:people_accessrecord_changelist", current_app=site.name),
            "waiting": select_attention(list_cards(actor, at)) if actor.client_id is not None else [],
            "is_own": actor.client_id is not None,
        }


client_pages.connect(
    ClientPage("digest", "Weekly digest", Capability.VIEW_RECORDS, "console/digest.html", _show_digest)
)


_NAMED = {
    "purpose": CodeKind.PURPOSE,
    "purpose__code": CodeKind.PURPOSE,
    "category": CodeKind.CATEGORY,
    "occasion": CodeKind.OCCASION,
}
"""Columns with codes of the register, by their paths."""
_USUAL_SIZE, _A_DAY = 25, timedelta(days=1)


class SampleForm(forms.Form):
    kind = forms.ChoiceField(label=_("Population"), choices=PopulationKind.choices, widget=forms.RadioSelect)
    since = forms.DateField(label=_("From"), widget=DayInput)
    until = forms.DateField(
        label=_("Up to and including"),
        widget=DayInput,
        help_text=_("Days in the time zone of the client, or of PakTaleem for all clients."),
    )
    size = forms.IntegerField(label=_("Size of the sample"), min_value=1, max_value=MOST, initial=_USUAL_SIZE)
    seed = forms.RegexField(
        SEED,
        label=_("Seed"),
        required=False,
        help_text=_("Leave it empty for a new sample. The seed of an earlier sample draws the same rows again."),
        error_messages={"invalid": _("Use 4 to 32 characters: a–z, digits and hyphens.")},
    )
    reason = ReasonField()

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = get_action_time(request).astimezone(get_current_timezone()).date()
        self.first_logged = today - MOST_DAYS * _A_DAY
        self.fields["since"].initial, self.fields["until"].initial = self.first_logged, today
        if actor_of(request).client_id is None:
            clients = Client.objects.order_by("name")
            self.fields["client"] = forms.ModelChoiceField(
                clients, label=_("Client"), required=False, empty_label=_("All clients")
            )
            self.order_fields(["kind", "client"])

    def clean(self) -> FormData:
        cleaned: FormData = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("Choose a day that is not before the first one."))
        if cleaned.get("kind") == PopulationKind.DECISIONS and since and since < self.first_logged:
            words = gettext("Single decisions are kept for at most {number} days: choose a later day.")
            self.add_error("since", words.format(number=MOST_DAYS))
        return cleaned


def show_samples(request: HttpRequest, context: dict[str, object]) -> HttpResponseBase:
    """Ask what to draw; show the sample, or return it as CSV."""
    form = SampleForm(request.POST if request.method == "POST" else None, request=request)
    sample = None
    if form.is_valid():
        as_csv = "csv" in request.POST
        sample = _draw(request, form.cleaned_data, "csv" if as_csv else "page")
        if as_csv:
            header = ["seed", "population", "since", "until", *POPULATIONS[sample.kind].shown]
            same = (sample.seed, sample.population, sample.since.isoformat(), sample.until.isoformat())
            rows = ((*same, *row) for row in sample.rows)
            return send_table(f"sample-{sample.kind}-{sample.seed}", Format.CSV, header, rows)
        form = SampleForm({**request.POST.dict(), "seed": sample.seed}, request=request)
    shown = _serialize(sample) if sample else {}
    return TemplateResponse(request, "console/samples.html", {**context, "form": form, **shown})


home_pages.connect(HomePage("samples", _("Samples"), Capability.EXPORT_ROWS, show_samples))


def _draw(request: HttpRequest, given: dict[str, Any], form: str) -> Sample:
    chosen: Client | None = given.get("client")
    own = actor_of(request).client_id
    client_id: UUID | None = own or (chosen.pk if chosen else None)
    zone = ZoneInfo(Client.objects.get(pk=client_id or PAKTALEEM).time_zone)
    return draw_sample(
        PopulationKind(given["kind"]),
        client_id,
        since=datetime.combine(given["since"], time(), zone),
        until=datetime.combine(given["until"] + _A_DAY, time(), zone),
        size=given["size"],
        seed=given["seed"] or secrets.token_hex(8),
        form=form,
        actor=actor_of(request),
        reason=given["reason"],
        at=get_action_time(request),
    )


def _serialize(sample: Sample) -> dict[str, object]:
    population, lines = POPULATIONS[sample.kind], []
    owners = {client.code: client for client in Client.objects.filter(code__in={row[1] for row in sample.rows})}
    page = f"admin:{population.model._meta.app_label}_{population.model._meta.model_name}_change"
    has_page = site.is_registered(population.model)
    for row in sample.rows:
        owner = owners[row[1]]
        named = list(zip(population.shown, row, strict=True))[2:]
        cells = [owner.name, *(_describe_cell(population, path, value, owner) for path, value in named)]
        url = reverse(page, args=[row[0]], current_app=site.name) if has_page else ""
        lines.append({"url": url, "id": row[0], "cells": cells})
    return {"sample": sample, "headings": list(population.shown.values()), "lines": lines}


def _describe_cell(population: Population, path: str, value: Any, owner: Client) -> Any:
    if isinstance(value, datetime):
        return moment_tag(value)
    if path in _NAMED and value:
        return format_code(_NAMED[path], value, owner.pk)
    if path == "reason":
        return translate_text(str(value).replace("_", " "))
    if path == "shown_hash" and value:
        return f"{value[:12]}…"
    fields = {field.name: field for field in population.model._meta.fields}
    return translate_text(dict(fields[path].flatchoices).get(value, value)) if path in fields else value


def show_trends(request: HttpRequest, context: dict[str, object]) -> TemplateResponse:
    """Show the trends of the reader's client, of the client that an officer chose, or of all."""
    client_id = get_filtered_client(request)
    if client_id is not None and not may(request, Capability.VIEW_RECORDS, client_id):
        raise PermissionDenied
    today = get_action_time(request).astimezone(get_current_timezone()).date()
    trends = get_trends(actor_of(request), client_id, today=today)
    is_officer = actor_of(request).client_id is None
    values = {
        "charts": [_make_chart(measure, trends) for measure in Measure],
        "weeks": [f"{week:%m-%d}" for week in trends.weeks],
        "counted_at": trends.counted_at,
        "clients": list(Client.objects.filter(is_sandbox=False).order_by("name")) if is_officer else [],
        "chosen": client_id,
        "parameter": CLIENT_PARAMETER,
        "size": (WEEKS, HEIGHT),
    }
    return TemplateResponse(request, "console/trends.html", {**context, **values})


home_pages.connect(HomePage("trends", _("Trends"), Capability.VIEW_RECORDS, show_trends))
home_pages.connect(HomePage("law", _("Law profiles"), Capability.VIEW_RECORDS, show_law_profiles))

_INTROS = {
    Measure.CONSENTS: _("Answers in each week; a consent given again while it is in force is not counted."),
    Measure.ANSWERS: _("By the week of the answer. A reasoned notice within the deadline extends it."),
    Measure.QUESTIONS: _("Questions in the decision log, by the answer. Nothing is counted while the log is off."),
    Measure.DECISIONS: _("Decisions about collections and disclosures that systems reported."),
    Measure.HOLDINGS: _("What systems hold at the last count of each week, by the time since it was first collected."),
}


_PARTS: Mapping[Measure, Sequence[Promise]] = {
    Measure.CONSENTS: (_("Given"), _("Withdrawn")),
    Measure.ANSWERS: (_("In time"), _("Late")),
    Measure.QUESTIONS: (_("Allowed"), _("Denied")),
    Measure.DECISIONS: (_("Allowed"), _("Denied")),
    Measure.HOLDINGS: AGE_LABELS,
}


def _make_chart(measure: Measure, trends: Trends) -> dict[str, object]:
    """Serialize a picture with what it shows in words, and the rows of its table; no columns without numbers."""
    series, rows, described = trends.series(measure), [], []
    words = gettext("{name}: {total} in twelve weeks, {first} in the first and {last} in the last week")
    for name, numbers in zip(_PARTS[measure], series, strict=True):
        total = f"{sum(numbers):,}"
        rows.append({"name": name, "numbers": numbers, "total": total})
        described.append(words.format(name=name, total=total, first=numbers[0], last=numbers[-1]))
    return {
        "code": measure.value,
        "title": measure.label,
        "intro": _INTROS[measure],
        "words": "; ".join(described),
        "rows": rows,
        "columns": draw_columns(series),
    }
