"""Base classes of the console's model pages: scoped by role and client, written through services, never deleted."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import display_for_field, flatten_fieldsets, label_for_field, lookup_field
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import Model, TextField
from django.db.models.query import QuerySet
from django.forms import CheckboxSelectMultiple, Field, Media, MultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor, ReasonedAuthorship
from paktaleem.foundation.accounts.acts import Act
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import GroundNeeded
from paktaleem.foundation.accounts.sessions import refuse_old_authentication, require_recent_authentication
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.approvals import list_origin, to_waiting
from paktaleem.foundation.console.clocks import RowClock
from paktaleem.foundation.console.columns import client_name, render_known, with_known_columns
from paktaleem.foundation.console.filters import ClientFilter, get_filtered_client
from paktaleem.foundation.console.forms import ActionForm, GroundField, ScopedForm, add_service_error, separate_effect
from paktaleem.foundation.console.history import list_row_steps, list_row_versions
from paktaleem.foundation.console.long_acts import add_progress, carry_step, return_to_task
from paktaleem.foundation.console.paging import BoundedChangeList, OlderFilter
from paktaleem.foundation.console.requests import actor_of, get_action_time, is_shared_with, may
from paktaleem.foundation.console.row_actions import (
    Button,
    RowAction,
    Weakens,
    acts_of,
    arrange_acts,
    ask_ground,
    to_form_error,
)
from paktaleem.foundation.console.translation import translate_row_texts, translate_text
from paktaleem.foundation.console.widgets import WIDGETS_BY_FIELD
from paktaleem.foundation.tenancy.context import advisory_lock, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

type Fieldsets = list[tuple[Any, Any]]
"""Titles, each with its options; Django's own type admits literal ones only."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Author, reason and time with which a row of a form is saved. Pages keep on the request what they show then."""

    request: Any
    actor: Actor
    reason: Reason | str
    at: datetime
    is_new: bool

    @property
    def by(self) -> ReasonedAuthorship:
        return {"actor": self.actor, "reason": self.reason, "at": self.at}

    @property
    def by_wall_clock(self) -> ReasonedAuthorship:
        """The same with the time on the system clock: accounts and keys know no clock of a sandbox."""
        return {**self.by, "at": get_arrival_time(self.request)}


class ScopedAdmin[Row: Model](RowClock, admin.ModelAdmin):  # type: ignore[type-arg]
    """List, form, row actions and history of one model, limited by the user's role."""

    view_capability: ClassVar[Capability]
    add_capability: ClassVar[Capability | None] = None
    add_weakens: ClassVar[bool] = False  # adding a row needs recent authentication, whatever the capability
    change_capability: ClassVar[Capability | None] = None
    owner_column: ClassVar[str | None] = "client_id"
    officers_only: ClassVar[bool] = False
    asks_reason: ClassVar[bool] = True
    row_fields: ClassVar[Sequence[str]] = ()
    fixed: ClassVar[Sequence[str]] = ()
    detail_fields: ClassVar[Sequence[str]] = ()
    effect_fields: ClassVar[Sequence[str]] = ()
    """Fields that say to a second person, before they approve the row, what it changes."""
    entered: ClassVar[Sequence[str]] = ()
    """Fields that acts or other pages enter: the help for entering them is not shown beside their values."""
    codes: ClassVar[Mapping[str, object]] = {}
    """Fields that hold codes, with the model whose rows offer them, or an extension point of models of apps above."""
    acts: ClassVar[Sequence[RowAction | Act[Any, ..., Any]]] = ()
    main_acts: ClassVar[Sequence[str]] = ()  # the first three that apply are buttons, other acts under More
    refusals: ClassVar[Mapping[type[Exception], str]] = {}
    intro: ClassVar[str] = ""
    empty_text: ClassVar[str] = "Nothing here yet."
    ledger_families: ClassVar[Sequence[str]] = ()
    """Families of acts whose ledger entries are the history of a row without versions."""
    ledger_person: ClassVar[str] = "subject_id"
    newest_by: str | None = None
    """Time field by which a long list is sorted, newest first, then by key: that of its ordering, if left out."""
    loaded: ClassVar[Sequence[str]] = ()
    """Foreign keys whose rows are loaded with each row."""
    in_one_client: ClassVar[Sequence[object]] = ()
    """Filters offered only for a single client: across clients, no index supports them."""

    form = ScopedForm
    list_filter: ClassVar[Any] = ("client",)
    actions = None
    actions_on_top = True
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    change_form_template = "console/change_form.html"
    change_list_template = "console/change_list.html"
    formfield_overrides: ClassVar[Any] = WIDGETS_BY_FIELD
    media = Media()  # no widget here needs jQuery, XRegExp and Django's scripts that use them

    def __init__(self, model: type[Row], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        match list(self.ordering or model._meta.ordering or ()):
            case [str(moment), "-id"] if self.newest_by is None and moment.startswith("-"):
                self.newest_by = moment[1:]

    # Permissions

    def _may(self, request: HttpRequest, capability: Capability | None, row: object = None) -> bool:
        if self.officers_only and (actor := getattr(request, "actor", None)) and actor.client_id is not None:
            return False
        client_id = None if row is None else self.client_of(row)
        return may(request, capability, None if client_id == PAKTALEEM else client_id)

    def client_of(self, row: object) -> UUID:
        return getattr(row, "client_id", PAKTALEEM)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self._may(request, self.view_capability, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.add_capability)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        if obj is not None and is_shared_with(request, self.client_of(obj)):
            return False
        return self._may(request, self.change_capability, obj)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False  # rows are ended, never deleted

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def describe_row(self, row: Row) -> str:
        return str(row)

    # Lists

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        found = super().get_queryset(request)
        if self.loaded:
            found = found.select_related(*self.loaded)
        return found.annotate(owner_name=client_name(self.owner_column)) if self.owner_column else found

    @admin.display(description="client")
    def owner(self, row: Row) -> str:
        return getattr(row, "owner_name", None) or "PakTaleem"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        is_catalogue = str(self.model.wall.scope) == "catalogue"
        if "owner" in columns and actor_of(request).client_id is not None and not is_catalogue:
            columns.remove("owner")  # all rows are of the user's client
        return with_known_columns(self.opts, columns)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        offered = [ClientFilter if one == "client" else one for one in super().get_list_filter(request)]
        if get_filtered_client(request) is None:
            offered = [one for one in offered if one not in self.in_one_client]
        if actor_of(request).client_id is not None and ClientFilter in offered:
            offered.remove(ClientFilter)
        return [*offered, OlderFilter] if self.newest_by else offered

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:  # noqa: ARG002
        return BoundedChangeList

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:  # noqa: ARG002
        allowed: set[str] = set()
        for one in self.get_list_filter(request):
            name = one if isinstance(one, str) else one[0] if isinstance(one, tuple) else one.parameter_name
            allowed |= {name, f"{name}__exact", f"{name}__id__exact", f"{name}__isnull"}
        return lookup in allowed

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        title = capfirst(translate_text(self.opts.verbose_name_plural))
        context = {"intro": translate_text(self.intro), "empty_text": translate_text(self.empty_text), "title": title}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # Forms

    def get_fieldsets(self, request: HttpRequest, obj: Row | None = None) -> Fieldsets:
        main: list[str] = list(self.row_fields)
        writes = obj is None or self.has_change_permission(request, obj)
        if obj is not None:
            main = [*(["owner"] if self.owner_column else []), *main, *self.detail_fields]
        elif self._has_client_field and actor_of(request).client_id is None:
            main = ["client", *main]
        sets: Fieldsets = [(None, {"fields": main})]
        if writes and self.asks_reason:
            sets.append((_("Why"), {"fields": ["reason"], "classes": ["why"]}))
        return sets

    @property
    def _has_client_field(self) -> bool:
        return any(field.name == "client" and field.editable for field in self.opts.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("owner", *self.fixed, *self.detail_fields)

    def get_form(self, request: HttpRequest, obj: Row | None = None, *args: bool, **kwargs: Any) -> type[ScopedForm]:
        kwargs |= translate_row_texts(self, flatten_fieldsets(self.get_fieldsets(request, obj)))
        form = super().get_form(request, obj, *args, **kwargs)
        own: dict[str, object] = {"request": request, "code_sources": self.codes}
        if not self.asks_reason:
            own["reason"] = None
        return type(form.__name__, (form,), own)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        if db_field.name in self.codes:
            return MultipleChoiceField(
                label=capfirst(translate_text(db_field.verbose_name)),
                required=not db_field.blank,
                help_text=db_field.help_text,
                widget=CheckboxSelectMultiple,
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        if db_field.name == "ground" and isinstance(db_field, TextField):
            return GroundField()
        if field is not None:
            field.label = capfirst(translate_text(db_field.verbose_name))
        if field is not None and db_field.name.endswith("_ur"):
            field.widget.attrs |= {"dir": "rtl", "lang": "ur"}
        return field

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        if IS_POPUP_VAR in request.GET or "_to_field" in request.GET:
            raise Http404
        capability = self.change_capability if object_id else self.add_capability
        if (object_id is None or request.method == "POST") and self._may(request, capability):
            if self.add_weakens and object_id is None:
                refuse_old_authentication(request, at=get_arrival_time(request))
            require_recent_authentication(request, capability, at=get_arrival_time(request))
        if object_id and request.method == "POST":
            advisory_lock(f"form/{self.opts.label_lower}/{object_id}")  # two saves at once: the second sees the first
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Exception as error:
            refusal = to_form_error(error, self.refusals)
            if refusal is None:
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        acts = [self._serialize_act(request, act, row) for act in self._acts_of(request, row)] if row else []
        context.update(
            intro="" if row else translate_text(self.intro),
            **arrange_acts(acts, self.main_acts),
            panels=add_progress(row, self.panels(request, row)) if row else [],
            show_save_and_add_another=False,
            show_save_and_continue=False,
            show_save=self.has_change_permission(request, row) if row else True,
            loaded=context["adminform"].form.loaded_digest if row else "",
            **separate_effect(context["adminform"].form),
        )
        if row and context["adminform"].form.errors:
            context["original"] = self.get_object(request, str(row.pk)) or row  # its title is the stored one
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, request: HttpRequest, row: Row) -> list[dict[str, object]]:  # noqa: ARG002
        """Return the panels below the form: a template and its values each."""
        return []

    # Writing

    def save_model(self, request: HttpRequest, obj: Row, form: ScopedForm, change: bool) -> None:  # noqa: FBT001
        reason = form.cleaned_data.get("reason", "")
        with in_client(self.client_of(obj)):
            self.write(obj, Saving(request, actor_of(request), reason, get_action_time(request), is_new=not change))

    def write(self, row: Row, saving: Saving) -> None:
        raise NotImplementedError

    def _do_nothing(self, *_: object, **__: object) -> Any:
        """Services write related rows; history and the ledger replace Django's log."""

    save_related = log_addition = log_change = _do_nothing

    def response_add(self, request: HttpRequest, obj: Row, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        return self._show_saved(request, obj, gettext("{thing} added."))

    def response_change(self, request: HttpRequest, obj: Row) -> HttpResponse:
        return self._show_saved(request, obj, gettext("{thing} saved. It applies to the next decision."))

    def _show_saved(self, request: HttpRequest, row: Row, words: str) -> HttpResponse:
        messages.success(request, words.format(thing=capfirst(translate_text(self.opts.verbose_name))))
        return return_to_task(request) or HttpResponseRedirect(self.url_of("change", row))

    # Row actions and history

    def all_acts(self) -> Sequence[RowAction]:
        return acts_of(self.opts.label_lower, self.acts)

    def url_of(self, what: str, row: Model) -> str:
        """Return the URL of a row's page: change, history or a row action."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=[row.pk], current_app=self.admin_site.name)

    def get_urls(self) -> list[URLPattern]:
        used = [url for url in super().get_urls() if url.name and not url.name.endswith("_delete")]
        view = self.admin_site.admin_view(self.act_view)
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"<path:object_id>/{act.slug}/", view, {"act": act}, name=f"{prefix}_{act.slug}")
            for act in self.all_acts()
        ]
        return [*own, *used]

    def _acts_of(self, request: HttpRequest, row: Row) -> list[RowAction]:
        if is_shared_with(request, self.client_of(row)):
            return []
        actor, at = actor_of(request), get_action_time(request)
        mine = [act for act in self.all_acts() if act.listed and self._may(request, act.capability, row)]
        return [act for act in mine if act.applies(row, at) and act.offered_to(row, actor, at)]

    def _serialize_act(self, request: HttpRequest, act: RowAction, row: Row) -> Button:
        label, url = translate_text(act.label), carry_step(request, self.url_of(act.slug, row))
        return {"slug": act.slug, "label": label, "danger": act.danger, "url": url}

    def act_view(self, request: HttpRequest, object_id: str, act: RowAction) -> HttpResponse:
        if not self._may(request, act.capability):
            raise PermissionDenied
        row = self._row_or_404(request, object_id)
        if is_shared_with(request, self.client_of(row)):
            raise PermissionDenied
        if act.is_sensitive or (act.weakens is Weakens.BY_ITS_VALUES and "ground" in request.POST):
            refuse_old_authentication(request, at=get_arrival_time(request))
        if refusal := self._find_refusal(request, row, act):
            messages.warning(request, refusal)
            return HttpResponseRedirect(self.url_of("change", row))
        if request.method != "POST":
            initial = {key: value for key, value in request.GET.items() if key in act.form.base_fields}
            return self._act_page(request, row, act, act.open_form(row, request, initial=initial))
        form = act.open_form(row, request, request.POST, request.FILES)
        if form.is_valid() and (answer := self._perform(request, row, act, form)) is not None:
            return answer
        return self._act_page(request, row, act, form)

    def _find_refusal(self, request: HttpRequest, row: Row, act: RowAction) -> str:
        """Return why an act cannot be opened, or done any more; empty if it can. Its service checks again."""
        actor, at, is_sent = actor_of(request), get_action_time(request), request.method == "POST"
        if act.find_refusal is not None and (refusal := act.find_refusal(row, actor, at)) is not None:
            return translate_text(refusal.console_message)
        if not act.applies(row, at):
            words = gettext("“{act}” is not possible: it does not apply to this row as it is now.")
            if is_sent:
                words = gettext("Nothing was done, because the row has changed in the meantime.")
        elif not is_sent and not act.offered_to(row, actor, at):
            words = gettext("“{act}” is not possible for you: another person, or the other side, must do it.")
        else:
            words = ""
        return words.format(act=translate_text(act.label))

    def _perform(self, request: HttpRequest, row: Row, act: RowAction, form: ActionForm) -> HttpResponse | None:
        try:
            with nullcontext() if act.across_clients else in_client(self.client_of(row)):
                answer = act.perform(row, act.complete(form.cleaned_data), request)
        except Exception as error:
            if isinstance(error, GroundNeeded):
                refuse_old_authentication(request, at=get_arrival_time(request))
                ask_ground(form)
            refusal = to_form_error(error, act.refusals)
            if refusal is None:
                raise
            add_service_error(form, refusal)
            return None
        if isinstance(answer, HttpResponseBase):  # a streamed file is no HttpResponse
            return answer
        if isinstance(answer, ProposedChange):
            return to_waiting(request, answer)
        messages.success(request, answer if isinstance(answer, str) and answer else translate_text(act.done))
        if isinstance(answer, Model):
            owner: Any = self.admin_site.get_model_admin(type(answer))
            return HttpResponseRedirect(owner.url_of("change", answer))
        return return_to_task(request) or HttpResponseRedirect(self.url_of("change", row))

    def _act_page(self, request: HttpRequest, row: Row, act: RowAction, form: object) -> TemplateResponse:
        facts: list[tuple[str, object]] = []  # before an approval: the effect, the proposer, the time and the ground
        if act.find_requested is not None and (requested := act.find_requested(row)) is not None:
            labels = {name: translate_text(label_for_field(name, type(row), self)) for name in self.effect_fields}
            effect = [(label, self._read(row, name)) for name, label in labels.items()]
            facts = [(capfirst(label), value) for label, value in [*effect, *list_origin(requested, request)]]
        return self.page(request, row, act.template, title=translate_text(act.label), act=act, form=form, facts=facts)

    def _read(self, row: Row, name: str) -> object:
        field, _attribute, value = lookup_field(name, row, self)
        return value if field is None else render_known(row, name) or display_for_field(value, field, "—")

    def page(self, request: HttpRequest, row: Row | None, template: str, **values: object) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, "row": row, "subtitle": None, **values}
        return TemplateResponse(request, template, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self._row_or_404(request, object_id)
        context = self.history_of(row, actor_of(request))
        context |= {"title": translate_text("History"), **(extra_context or {})}
        return self.page(request, row, "console/history.html", **context)

    def history_of(self, row: Row, viewer: Actor) -> dict[str, object]:
        if hasattr(type(row), "history"):
            return {"versions": list_row_versions(row, viewer=viewer)}
        steps = list_row_steps(row, self.ledger_families, person_at=self.ledger_person, viewer=viewer)
        return {"versions": steps, "is_evidence": "UPDATE" not in self.model.wall.rights}


class EvidenceAdmin[Row: Model](ScopedAdmin[Row]):
    """Read-only admin of rows that only services add."""

    asks_reason = False
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("owner", *self.row_fields, *self.detail_fields)
