"""Adding a row in a few steps: each asks for some fields with help, the last one shows the effect and adds the row.

The session keeps the values of the fields, for each client of the actor, until the row is added. The last step
posts all fields to Django's own form, which validates them together and calls the service.
"""

# The last step posts Django's own add page, so that validation, re-authentication and services are those of the whole
# form. Not django-formtools: it knows neither the admin's permissions nor re-authentication.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.sessions import require_recent_authentication
from paktaleem.foundation.console.filters import parse_uuid
from paktaleem.foundation.console.forms import ReasonField
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.text.times import join_words

STEP, WHOLE_FORM, CHECK = "step", "all", "check"
_DRAFTS = "console_drafts"
_NOT_KEPT = {"csrfmiddlewaretoken", STEP, "reason", "ground"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in the address, its title, what it is about in plain words, and its fields.

    A step is left out if it does not ``applies`` to what was entered: the values by field.
    """

    slug: str
    title: str
    help: str
    fields: Sequence[str]
    applies: Callable[[Mapping[str, Sequence[str]]], bool] = lambda _entered: True


class SteppedAdmin[Row: Model](ScopedAdmin[Row]):
    """Rows that are added in a few steps; the whole form on one page stays at ``?step=all``."""

    steps: ClassVar[Sequence[Step]]

    def list_effects(self, row: Any) -> Sequence[str]:
        """Return sentences about what adding the row does: who sees it, who is asked again, which decisions change."""
        raise NotImplementedError

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        asked = (request.POST if request.method == "POST" else request.GET).get(STEP)
        is_whole = asked == WHOLE_FORM or (request.method == "POST" and asked is None)
        if object_id is not None or is_whole:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        require_recent_authentication(request, self.add_capability, at=get_arrival_time(request))
        if asked == CHECK and request.method != "POST":
            return self._show_check(request)
        step = next((one for one in self.steps if one.slug == asked), self.steps[0])
        if asked is None and any(request.GET.keys() & set(self._fields_of(request, one)) for one in self.steps):
            self._save_draft(request, {})  # a link that suggests values starts anew
        return self._keep_step(request, step) if request.method == "POST" else self._show_step(request, step)

    def response_add(self, request: HttpRequest, obj: Row, post_url_continue: str | None = None) -> HttpResponse:
        self._save_draft(request, {})
        return super().response_add(request, obj, post_url_continue)

    # Steps

    def _fields_of(self, request: HttpRequest, step: Step) -> list[str]:
        asks_client = self._has_client_field and actor_of(request).client_id is None and step is self.steps[0]
        return ["client", *step.fields] if asks_client else list(step.fields)

    def _show_step(self, request: HttpRequest, step: Step, form: Any = None) -> HttpResponse:
        draft = self._load_draft(request)
        fields = self._fields_of(request, step)
        if form is None:
            form = self._build_form(request, draft if step.slug in draft.get(STEP, []) else None)
        for name in set(form.fields) - set(fields):
            del form.fields[name]
        form.order_fields(fields)
        steps = [one for one in self.steps if one is step or one.applies(draft)]
        place = steps.index(step)
        before = steps[place - 1].slug if place else ""
        values = {"form": form, "step": step, "steps": steps, "place": place + 1, "before": before}
        return self._render(request, "console/step.html", **values)

    def _keep_step(self, request: HttpRequest, step: Step) -> HttpResponse:
        draft, fields = self._load_draft(request), self._fields_of(request, step)
        draft |= {name: request.POST.getlist(name) for name in fields}
        form = self._build_form(request, draft)
        if set(form.errors) & set(fields):
            return self._show_step(request, step, form)
        self._save_draft(request, {**draft, STEP: sorted({*draft.get(STEP, []), step.slug})})
        later = self.steps[list(self.steps).index(step) + 1 :]
        return self._lead_to(request, next((one.slug for one in later if one.applies(draft)), CHECK))

    def _show_check(self, request: HttpRequest) -> HttpResponse:
        draft = self._load_draft(request)
        form = self._build_form(request, draft)
        wrong = set(form.errors) - {"reason", "ground"}
        steps = [one for one in self.steps if one.applies(draft)]
        for step in steps:
            if step.slug not in draft.get(STEP, []) or wrong & set(self._fields_of(request, step)):
                return self._lead_to(request, step.slug)
        shown = [
            (step, [(form[name].label, _to_words(form[name])) for name in self._fields_of(request, step)])
            for step in steps
        ]
        left_out = _NOT_KEPT | self._fields_left_out(draft)
        kept = [(name, value) for name, values in draft.items() if name not in left_out for value in values]
        errors = form.errors.get("__all__", [])
        effects = [] if errors else self.list_effects(form.instance)
        suggested = self.get_changeform_initial_data(request)
        reason = ReasonForm(initial={"reason": suggested.get("reason")}) if self.asks_reason else None
        values = {"shown": shown, "kept": kept, "effects": effects, "errors": errors, "form": reason}
        return self._render(request, "console/step_check.html", place=len(steps) + 1, **values)

    def _fields_left_out(self, draft: Mapping[str, Sequence[str]]) -> set[str]:
        return {name for step in self.steps if not step.applies(draft) for name in step.fields}

    def _lead_to(self, request: HttpRequest, step: str) -> HttpResponse:
        query = request.GET.copy()
        query[STEP] = step
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")

    def _render(self, request: HttpRequest, template: str, **values: object) -> HttpResponse:
        name = translate_text(self.opts.verbose_name)
        draft = self._load_draft(request)
        steps = [one for one in self.steps if one.applies(draft)]
        values = {"steps": steps, **values, "title": _("Add {name}").format(name=name), "check": CHECK}
        values["done"] = draft.get(STEP, [])
        return self.page(request, None, template, intro=translate_text(self.intro), whole=WHOLE_FORM, **values)

    def _build_form(self, request: HttpRequest, draft: Mapping[str, list[str]] | None) -> Any:
        found, row = self.get_form(request, None, change=False), self.model()
        kept = draft if draft is not None else self._load_draft(request)
        if self._has_client_field and (client := next(iter(kept.get("client", [])), "")):
            row.client_id = parse_uuid(client)
        if draft is None:
            return found(initial=self.get_changeform_initial_data(request), instance=row)
        data = QueryDict(mutable=True)
        left_out = self._fields_left_out(draft)
        for name, values in draft.items():
            if values and name not in left_out:  # a browser sends nothing for a box that is not ticked
                data.setlist(name, values)
        return found(data, instance=row)

    # The values kept in the session

    def _load_draft(self, request: HttpRequest) -> dict[str, list[str]]:
        return {**request.session.get(_DRAFTS, {}).get(self._draft_key(request), {})}

    def _save_draft(self, request: HttpRequest, draft: Mapping[str, list[str]]) -> None:
        request.session[_DRAFTS] = {**request.session.get(_DRAFTS, {}), self._draft_key(request): dict(draft)}

    def _draft_key(self, request: HttpRequest) -> str:
        return f"{self.opts.label_lower}/{actor_of(request).client_id or ''}"


class ReasonForm(forms.Form):
    reason = ReasonField()


def _to_words(bound: BoundField) -> str:
    value = bound.form.cleaned_data.get(bound.name) if bound.form.is_bound else None
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value in (None, "", [], {}):
        return "—"
    field = bound.field
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        names = {str(code): str(name) for code, name in field.widget.choices if not isinstance(name, (list, tuple))}
        return join_words(names.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value]))
    return join_words(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
