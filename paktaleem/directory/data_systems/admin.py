"""Console pages of systems, their orders and what they answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django import forms
from django.contrib import admin
from django.db.models import CharField, Exists, Model, OuterRef, QuerySet, Subquery
from django.forms.utils import pretty_name
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.data_systems.extension_points import category_models, order_cases
from paktaleem.directory.data_systems.models import (
    EXEMPTION_LABELS,
    Delivery,
    Order,
    OrderAlert,
    OrderKind,
    OrderSet,
    OrderStep,
    System,
    SystemKey,
    Waiver,
    describe_state,
)
from paktaleem.directory.data_systems.rests_on import describe_confirmation
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    add_part,
    approve_waiver,
    carry_out_by_hand,
    propose_waiver,
    retry_order,
)
from paktaleem.directory.data_systems.services.issuing import ERASURE, new_values_of
from paktaleem.directory.data_systems.services.registering import (
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome, State
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, is_other_person
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    format_actor,
    period_pill,
    reason_column,
    reason_label,
    render_state,
    staff_name,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import (
    RowFilter,
    SortByWaitingTime,
    get_filtered_client,
    progress_filter,
)
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving, ScopedAdmin
from paktaleem.foundation.console.person_pages import (
    ORDERS,
    SummaryLine,
    list_url_of_person,
    on_tab,
    person_panels,
    person_summaries,
)
from paktaleem.foundation.console.register_names import format_categories, format_category, format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user, is_shared_with, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page, calls, show_revealed
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words

system_panels: ExtensionPoint[Callable[[HttpRequest, System], dict[str, object]]] = ExtensionPoint(
    "data_systems.system_panels", "Panels on the console page of every system: a template and its values."
)


@admin.register(System, site=site)
class SystemAdmin(ScopedAdmin[System]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = change_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("code", "name", "categories", "delivery", "contact", "starts_at")
    fixed = ("code", "starts_at")
    detail_fields = ("state", "proposer", "proposed_at", "ground", "ends_at")
    effect_fields = ("name", "categories")
    list_display = ("name", "code", "holds", "delivery", "state", "owner")
    list_filter = ("delivery", "client")
    search_fields = ("code", "name")
    codes = {"categories": category_models}
    intro = (
        "Systems that hold personal data. An order about a person goes to each system that holds the data it is about: "
        "the client’s own, and PakTaleem’s, which serve every client."
    )
    empty_text = "No system has been registered: no one is notified when data must be corrected or erased."
    holds = text_column(lambda row: format_categories(row.categories, row.client_id), "data it holds")
    state = state_column(period_pill)
    acts = (
        act_page(propose_system_end, weakens=Weakens.ALWAYS),
        act_page(end_system, step_up=True, find_requested=lambda row: row),
        keep_system,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[System]:
        found: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = found.annotate(proposer_name=staff_name("proposed_by", actor_of(request)))
        return named

    def panels(self, request: HttpRequest, row: System) -> list[dict[str, object]]:
        return [*super().panels(request, row), *(panel(request, row) for panel in system_panels)]

    @admin.display(description="end proposed by")
    def proposer(self, row: Any) -> str:
        return row.proposer_name or ("—" if row.proposed_by is None else gettext("Former staff"))

    def write(self, row: System, saving: Saving) -> None:
        change_system(row, **saving.by)


@admin.register(SystemKey, site=site)
class SystemKeyAdmin(ScopedAdmin[SystemKey]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = Capability.MANAGE_SYSTEMS
    row_fields = ("key_name", "system")
    detail_fields = ("state", "starts_at", "ends_at")
    loaded = ("system",)
    list_display = ("key_name", "system", "state", "starts_at", "owner")
    intro = (
        "A caller with a key of this name acts for the system and sees only its orders. A rotated key keeps its name "
        "and continues to work. PakTaleem’s systems have a separate key at each client."
    )
    empty_text = "No API key belongs to a system yet."
    state = state_column(period_pill)
    acts = (act_page(end_system_key, applies=lambda row, _at: row.ends_at is None),)

    def write(self, row: SystemKey, saving: Saving) -> None:
        assign_key(row, **saving.by)


@admin.register(OrderAlert, site=site)
class OrderAlertAdmin(EvidenceAdmin[OrderAlert]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("raised_at", "where", "kind", "system", "state_pill", "owner")
    detail_fields = ("where", "attempt", "raised_at", "kind", "system", "state_pill")
    intro = (
        "Orders found to need manual action, once in each state. An email was sent to the client’s administrators, or "
        "to PakTaleem’s officers if the system is PakTaleem’s."
    )
    empty_text = "No order has been stuck yet."
    system = text_column(lambda row: str(row.order.system), "system")
    where = state_column(
        lambda row: render_state(describe_state(row.state, row.order.system), "warn"), "stuck in state"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderAlert]:
        found = super().get_queryset(request).select_related("order__system")
        return found.defer("order__named", "order__new_values")

    @admin.display(description="order")
    def kind(self, row: OrderAlert) -> SafeString:
        url = reverse("admin:data_systems_order_change", args=[row.order_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.order.get_kind_display())

    @admin.display(description="now")
    def state_pill(self, row: OrderAlert) -> SafeString:
        if (row.order.state, row.order.attempts) == (row.state, row.attempt):
            return render_state(gettext("Still there"), "bad")
        words = describe_state(row.order.state, row.order.system)
        return render_state(words, "good" if not row.order.is_open else "calm")


@admin.register(OrderSet, site=site)
class OrderSetAdmin(EvidenceAdmin[OrderSet]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("created_at", "kind", "ground", "number", "due_at", "by", "owner")
    row_fields = ("kind", "ground")
    detail_fields = ("number", "data", "why", "due_at", "by", "case", "created_at", "orders_hash")
    intro = "One order about many people, issued at once. Their number and a hash over all of them are the evidence."
    empty_text = "No order about many people at once has been issued yet."
    number = text_column(lambda row: f"{row.size:,}", "orders")
    data = text_column(lambda row: format_categories(row.categories, row.client_id), "data")
    why = reason_column
    by = actor_column()

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderSet]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    @admin.display(description="case")
    def case(self, row: OrderSet) -> str:
        return f"{row.parent_kind.replace('_', ' ')} {row.parent_id}" if row.parent_id else "—"


ORDERS_TEMPLATE = "console/panels/orders.html"


class OrderLine(TypedDict):
    """An order on the page of its case."""

    order: Order
    state: str
    rests_on: str
    url: str


def orders_panel(row: TenantRow, kind: str) -> dict[str, object]:
    return panel_of_orders(Order.objects.filter(client_id=row.client_id, parent_kind=kind, parent_id=row.pk))


def panel_of_orders(orders: QuerySet[Order]) -> dict[str, object]:
    return {"template": ORDERS_TEMPLATE, "lines": list_order_lines(orders)}


def list_order_lines(orders: QuerySet[Order]) -> list[OrderLine]:
    lines: list[OrderLine] = []
    for order in orders.select_related("system").defer("named", "new_values").order_by("pk"):
        reason, state = (order.result or {}).get("reason", ""), describe_state(order.state, order.system)
        if order.state == State.NOT_APPLICABLE and reason:
            state = gettext("Not applicable: {reason}").format(reason=EXEMPTION_LABELS.get(reason, reason))
        url = reverse("admin:data_systems_order_change", args=[order.pk], current_app=site.name)
        rests_on = "—" if order.is_open else describe_confirmation(order.confirmed_at)
        lines.append({"order": order, "state": state, "rests_on": rests_on, "url": url})
    return lines


_MOST = 50


@on_tab(ORDERS)
def person_orders_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return None
    of_person = Order.objects.filter(client_id=row.client_id, subject=row)
    latest = take_latest(of_person.order_by("-created_at", "-pk").values_list("pk", flat=True), _MOST)
    if not latest:
        return None
    lines = latest.with_rows(list_order_lines(of_person.filter(pk__in=list(latest))))
    return {"template": ORDERS_TEMPLATE, "lines": lines, "all_url": list_url_of_person(Order, row.pk)}


@person_summaries.connect
def summarize_orders(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return []
    number = Order.objects.filter(client_id=row.client_id, subject=row, ended_at=None).count()
    return [SummaryLine(gettext("Open orders"), str(number), "?tab=orders")] if number else []


_OUTCOMES = [
    (Outcome.DONE.value, _("Done")),
    (Outcome.NOT_FOUND.value, _("No such person there")),
    (Outcome.NOT_APPLICABLE.value, _("Not applicable")),
]
_EXEMPTIONS = [("", _("It does apply")), *((code.value, EXEMPTION_LABELS[code]) for code in Exemption)]
_COUNT = "count_"


class AnswerForm(ActionForm):
    """Result of an order; further fields depend on its kind."""

    outcome = forms.ChoiceField(label=_("Result"), choices=_OUTCOMES, widget=forms.RadioSelect)
    exemption = forms.ChoiceField(label=_("Why it does not apply"), choices=_EXEMPTIONS, required=False)

    def prepare(self) -> None:
        row: Order = self.row
        if row.kind in {OrderKind.ERASE, OrderKind.ANONYMISE}:
            for category in row.categories:
                label = _("Records: {category}").format(category=format_category(category, row.client_id))
                self.fields[_COUNT + category] = forms.IntegerField(label=label, min_value=0, required=False)
        if row.kind == OrderKind.CORRECT:
            self.fields["corrected"] = forms.MultipleChoiceField(
                label=_("Corrected"),
                choices=[(name, name) for name in row.fields],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    def clean(self) -> FormData:
        cleaned: FormData = super().clean() or {}
        if "outcome" not in cleaned:
            return cleaned
        done = cleaned["outcome"] == Outcome.DONE
        for name in self.fields if done else ():
            if name.startswith(_COUNT) and cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Enter the number; 0 is allowed."))
        if done and "corrected" in self.fields and not cleaned.get("corrected"):
            self.add_error("corrected", _("Name the fields that were corrected."))
        if cleaned["outcome"] == Outcome.NOT_APPLICABLE and not cleaned.get("exemption"):
            self.add_error("exemption", _("Say why."))
        return cleaned if self.errors else {**cleaned, "answer": self._answer(cleaned, done=done)}

    def _answer(self, cleaned: FormData, *, done: bool) -> Answer:
        outcome = Outcome(cleaned["outcome"])
        counts = {name.removeprefix(_COUNT): cleaned[name] for name in self.fields if name.startswith(_COUNT)}
        return Answer(
            outcome=outcome,
            reason=cleaned["exemption"] if outcome is Outcome.NOT_APPLICABLE else "",
            counts=counts if done else {},
            corrected=tuple(cleaned.get("corrected") or ()) if done else (),
        )


class FileForm(ActionForm):
    category = forms.ChoiceField(label=_("Data"))
    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or JSON. Its name is not kept."))

    def prepare(self) -> None:
        names = [(code, format_category(code, self.row.client_id)) for code in self.row.categories]
        set_choices(self, "category", names)


_TONES = dict.fromkeys((State.QUEUED, State.SENT, State.ACCEPTED, State.RECALLED), "warn")
_TONES |= {State.CONFIRMED: "good", State.FAILED: "bad", State.DISPUTED: "bad"}


class SystemFilter(RowFilter):
    title = parameter_name = "system"
    of = "system_id"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the systems of the client in view and PakTaleem's; all systems across clients."""
        client_id = get_filtered_client(request)
        found = System.objects.filter(client_id__in=[client_id, PAKTALEEM]) if client_id else System.objects.all()
        return [(str(key), name) for key, name in found.order_by("name", "pk").values_list("pk", "name")]


def _is_by_hand(row: Order, _at: datetime | None = None) -> bool:
    return row.is_open and row.system.delivery == Delivery.BY_HAND


def _answer(row: Order, given: FormData, request: HttpRequest) -> None:
    carry_out_by_hand(row, given["answer"], **by_user(request))


def _add_file(row: Order, given: FormData, request: HttpRequest) -> None:
    order = accept_order(row, **by_user(request))
    add_part(order, given["file"], category=given["category"], **by_user(request))


def _show_values(row: Order, _given: FormData, request: HttpRequest) -> HttpResponse:
    values = new_values_of(row, **by_user(request))
    shown = [(translate_text(pretty_name(name)), value) for name, value in values.items()]
    return show_revealed(request, row, gettext("Corrected values"), shown)


_ACTS = (
    RowAction(
        "answer",
        "Record the result",
        Capability.COMPLETE_ORDERS,
        _answer,
        form=AnswerForm,
        lead="For a system whose orders are carried out by hand. Your entry is evidence and cannot be undone.",
        done="Recorded.",
        applies=_is_by_hand,
    ),
    RowAction(
        "add-file",
        "Add collected data",
        Capability.COMPLETE_ORDERS,
        _add_file,
        form=FileForm,
        lead="The file is encrypted with the person’s key at once. Add every file, then record the result.",
        done="Kept.",
        applies=lambda row, at: _is_by_hand(row, at) and row.kind == OrderKind.COLLECT,
    ),
    RowAction(
        "values",
        "Show corrected values",
        Capability.COMPLETE_ORDERS,
        _show_values,
        form=ActionForm,
        lead="The access is recorded with your name and the order’s reason.",
        applies=lambda row, at: _is_by_hand(row, at) and row.kind == OrderKind.CORRECT,
    ),
    retry_order,
    RowAction(
        "waive",
        "Propose to waive",
        Capability.APPROVE_CHANGES,
        calls(propose_waiver),
        lead="Propose to continue without this system’s answer, or to accept an answer that contradicts what it had "
        "reported. A second person must agree.",
        done="Proposed: a second person must agree.",
        danger=True,
        weakens=Weakens.ALWAYS,
        applies=lambda row, _at: row.is_open and not row.is_waiver_proposed,
    ),
    RowAction(
        "agree",
        "Agree to waive",
        Capability.APPROVE_CHANGES,
        calls(approve_waiver),
        form=ActionForm,
        lead="The system’s answer is no longer required: it remains unknown whether the system carried out the order. "
        "An answer that contradicts what the system had reported is accepted as it is.",
        done="Waived, or the answer accepted.",
        danger=True,
        step_up=True,
        find_requested=lambda row: Waiver.objects.filter(client_id=row.client_id, order=row).first(),
        applies=lambda row, _at: row.is_open and row.is_waiver_proposed,
        offered_to=is_other_person,
        refusals={ApproverIsRequester: "You proposed this yourself: someone else must agree."},
    ),
)


_DETAILS = (
    "person system state_pill about limited_to why due_at attempts failure retry_at answered files copies_purged_at "
    "waiver case created_at ended_at"
)


@admin.register(Order, site=site)
class OrderAdmin(SortByWaitingTime, ExportableAdmin[Order], EvidenceAdmin[Order]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("order",)
    list_display = ("created_at", "kind", "person", "system", "state_pill", "due_at", "owner")
    list_filter = (progress_filter(open=_("Not answered yet")), "state", "kind", SystemFilter, "client")
    exported = "person=subject__external_id kind system=system__code purpose state reason created_at due_at ended_at"
    longest_first = {"overdue": "due_at", "stuck": "stuck_at"}
    row_fields = ("kind", "ground")
    effect_fields = ("person", "system", "kind", "about", "state_pill", "answered")
    detail_fields = tuple(_DETAILS.split())
    intro = (
        "Orders to systems about a person’s data, and each system’s answer. A rights or retention case ends when every "
        "system has answered."
    )
    empty_text = "No orders have been issued yet."
    answered = text_column(lambda row: "; ".join(_describe_result(row.result or {})) or "—", "answer")
    waiver = text_column(lambda row: row.waiver_ground or "—", "waiver")
    acts = _ACTS
    state_pill = state_column(
        lambda row: render_state(describe_state(row.state, row.system), _TONES.get(State(row.state), "calm"))
    )
    why = reason_column

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        found = super().get_queryset(request).select_related("subject", "system").defer("named", "new_values")
        proposed = Waiver.objects.filter(client_id=OuterRef("client_id"), order=OuterRef("pk"))
        annotated: QuerySet[Any] = found.annotate(
            is_waiver_proposed=Exists(proposed),
            proposed_by=Subquery(proposed.values("requested_by")[:1]),
            waiver_ground=Subquery(proposed.values("ground")[:1], output_field=CharField()),
        )
        return annotated

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:
        return lookup == "parent_id" or super().lookup_allowed(lookup, value, request)

    def _acts_of(self, request: HttpRequest, row: Any) -> list[RowAction]:
        return [] if is_shared_with(request, row.system_owner) else super()._acts_of(request, row)

    def panels(self, request: HttpRequest, row: Order) -> list[dict[str, object]]:
        taken = OrderStep.objects.filter(client_id=row.client_id, order=row).order_by("pk")
        lines = [
            {"step": step, "state": describe_state(step.state, row.system), "who": format_actor(step)}
            for step in annotate_actor(taken, actor_of(request))
        ]
        return [*super().panels(request, row), {"template": "console/panels/order_steps.html", "lines": lines}]

    @admin.display(description="person")
    def person(self, row: Order) -> SafeString:
        url = reverse("admin:people_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="data")
    def about(self, row: Order) -> str:
        return join_words([*(format_category(one, row.client_id) for one in row.categories), *row.fields])

    @admin.display(description="purpose")
    def limited_to(self, row: Order) -> str:
        if row.kind not in {OrderKind.RESTRICT, OrderKind.LIFT_RESTRICTION, OrderKind.OBJECT}:
            return "—"
        return format_purpose(row.purpose, row.client_id) if row.purpose else gettext("Every purpose")

    @admin.display(description="sections and files")
    def files(self, row: Order) -> str:
        parts = [f"{format_category(part.category, row.client_id)} ({part.file})" for part in list_parts(row)]
        return join_words(parts) or "—"

    @admin.display(description="case")
    def case(self, row: Order) -> SafeString | str:
        for known in order_cases:
            if known.kind == row.parent_kind:
                own = {"client_id": row.client_id, known.field: row.parent_id}
                found = known.model._default_manager.filter(**own).first()
                return "—" if found is None else _link_case(found)
        return "—"


def _link_case(row: Model) -> SafeString:
    options = row._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk], current_app=site.name)
    words = f"{capfirst(translate_text(options.verbose_name))}: {site.describe_row(row)}"
    return format_html('<a href="{}">{}</a>', url, words)


def _describe_result(result: dict[str, Any]) -> Sequence[str]:
    counts = [f"{category}: {number:,}" for category, number in result.get("counts", {}).items()]
    words = gettext("{category}: {number} reported before")
    reported = [words.format(category=one, number=f"{number:,}") for one, number in result.get("reported", {}).items()]
    others = [
        f"{name}: {', '.join(value) if isinstance(value, list) else value}"
        for name, value in result.items()
        if name not in {"counts", "reported"}
    ]
    return [*counts, *others, *reported]


searches.connect(RowSearch(Order))


@person_panels.connect
def erasure_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show the erasure with its orders; nothing for a person without one."""
    erasures = Erasure.objects.filter(client_id=row.client_id, subject=row)
    erasure: Any = annotate_actor(erasures, actor_of(request)).first()
    if erasure is None:
        return None
    orders = Order.objects.filter(client_id=row.client_id, parent_kind=ERASURE, parent_id=erasure.pk)
    lines = list_order_lines(orders) if may(request, Capability.VIEW_RECORDS, row.client_id) else []
    return {
        "template": "console/panels/erasure.html",
        "erasure": erasure,
        "who": format_actor(erasure),
        "reason": reason_label(erasure.reason),
        "lines": lines,
        "open": sum(line["order"].is_open for line in lines),
    }
