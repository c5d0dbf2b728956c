"""Messages to staff after an act are in Urdu too: errors, success and refusals."""

from typing import Any

from django import forms
from django.db import transaction

from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import MODELS, admin_of, list_url, row_url
from tests.console.urdu import english_in, in_urdu


def asked(made):
    for model in MODELS:
        if admin_of(model).add_capability is not None:
            yield list_url(model) + "add/"
        for act in admin_of(model).all_acts():
            if (row := made.get(f"{model}/{act.slug}", made.get(model))) is not None:
                yield row_url(model, row, act.slug)


def filled(form) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, field in form.fields.items():
        if not isinstance(field, forms.FileField):
            given |= something_for(name, field, form.get_initial_for_field(field, name))
    return given


def something_for(name, field, initial):
    if isinstance(field, forms.BooleanField):
        return {name: "on"}
    if isinstance(field, forms.SplitDateTimeField):
        return {f"{name}_0": "2027-01-01", f"{name}_1": "00:00"}
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        codes = [str(code) for code, _ in choices if code]
        several = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
        return {name: codes[:1] if several else "".join(codes[:1])}
    return {name: initial or ("7" if isinstance(field, forms.IntegerField) else "کچھ")}


def told(browser, url, given):
    with transaction.atomic():
        answer = browser.post(url, given, follow=True)
        transaction.set_rollback(True)
    said = english_in(answer, url) if "text/html" in answer["Content-Type"] else []
    return [words for words in said if not words.startswith("ptk_")]


def test_no_message_after_an_act_is_in_english(cast_of_rows, rows):
    cast = cast_of_rows
    farah, amina = in_urdu(cast, "farah"), in_urdu(cast, "amina")
    found, tried = dict[str, str](), 0
    for url in dict.fromkeys(asked(rows)):
        browser = farah
        page = browser.get(url)
        if page.status_code == 403:
            browser = amina
            page = browser.get(url)
        form = page.context and (page.context.get("form") or getattr(page.context.get("adminform"), "form", None))
        if page.status_code != 200 or form is None:
            continue
        tried += 1
        with in_client(cast.client_id("indus")):  # in which a form looks up its choices
            something = filled(form)
        for given in ({}, something):
            for words in told(browser, url, given):
                found.setdefault(words, f"{url} {sorted(given)}")
    assert not found, "\n".join(f"{words}   ({url})" for words, url in found.items())
    assert tried > 60
