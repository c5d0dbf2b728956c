"""Choices of form fields are set by ``set_choices``, which checks the kind; dates, times and texts have inputs."""

import re
from typing import Any

import pytest
from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime, AdminTimeWidget
from django.utils import timezone

from consent.register.models.agreements import Instruction
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import verified_guardian
from tests.console.pages import MODELS, admin_of, row_url
from tests.console.urdu import in_urdu
from tests.signing_in import browser_of


class Chosen(forms.Form):
    """A form with a code, a row and a text."""

    code = forms.ChoiceField()
    client = forms.ModelChoiceField(Client.objects.none())
    word = forms.CharField()


def test_codes_are_offered_with_their_words():
    form = Chosen({"code": "b"})
    set_choices(form, "code", ((code, code.upper()) for code in ("a", "b")))
    assert form["code"].subwidgets[1].data["label"] == "B"
    form.full_clean()
    assert "code" not in form.errors


def test_rows_are_offered(cast):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        form = Chosen({"client": str(client.pk)})
        set_choices(form, "client", Client.objects.filter(pk=client.pk))
        form.full_clean()
    assert form.cleaned_data["client"] == client


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("word", [("a", "A")]),
        ("client", [("a", "A")]),
        ("code", Client.objects.none()),
        ("word", Client.objects.none()),
    ],
)
def test_a_field_offers_nothing_of_another_kind(name, offered):
    with pytest.raises(TypeError, match=name):
        set_choices(Chosen(), name, offered)


def test_every_act_says_what_it_does_before_it_is_done():
    acts = [(model, act) for model in MODELS for act in admin_of(model).all_acts()]
    silent = {f"{model}/{act.slug}" for model, act in acts if not act.lead}
    assert silent == {"people/subject/answer"}, "its page shows the notice and the form for the answer"
    assert all(admin_of(model).actions is None for model in MODELS), "acts on many rows have pages of their own"


@pytest.mark.parametrize("language", ["en", "ur"])
def test_dates_and_times_are_the_browsers_own_inputs_and_name_the_readers_zone(cast, language):
    amina = in_urdu(cast, "amina") if language == "ur" else browser_of(cast.user("amina"))
    page = amina.get("/admin/consent/instruction/add/").content.decode()
    assert re.search(r'<input type="date" name="starts_at_0"[^>]*>', page)
    assert re.search(r'<input type="time" name="starts_at_1"[^>]* step="1"[^>]*>', page)
    assert "Asia/Karachi" in page
    assert "DateTimeShortcuts" not in page, "Django’s note about the time zone is in English, beside our own"


def test_no_form_uses_djangos_pickers():
    fields = [field for one in _forms() for field in one.base_fields.values()]
    django_s = {type(field.widget).__name__ for field in fields if isinstance(field.widget, _PICKERS)}
    assert (len(fields) > 100, django_s) == (True, set())


_PICKERS = (AdminDateWidget, AdminTimeWidget, AdminSplitDateTime)


def _forms():
    found: list[Any] = []
    waiting: list[Any] = [forms.Form]
    while waiting:
        waiting += (children := waiting.pop().__subclasses__())
        found += [one for one in children if one.__module__.split(".")[0] not in {"django", "allauth", "tests"}]
    return found


def test_inputs_and_values_are_in_the_direction_of_their_own_text(cast):
    with in_client(cast.client_id("indus")):
        row = Instruction.objects.filter(client_id=cast.client_id("indus")).first()
    assert row is not None
    amina = in_urdu(cast, "amina")
    page = amina.get(f"/admin/consent/instruction/{row.pk}/change/").content.decode()
    assert re.search(r'<div class="readonly"><bdi>', page)
    add = amina.get("/admin/consent/purpose/add/?step=all").content.decode()
    assert re.search(r'<input type="text" name="name_en"[^>]* dir="auto"', add)
    assert re.search(r'<textarea name="description_en"[^>]* dir="auto"', add)
    assert not re.search(r'<(input|textarea)[^>]* dir="rtl"[^>]* dir=', add), "the fields in Urdu keep their own"


def test_a_form_with_several_errors_begins_with_links_to_their_fields(sign_in):
    browser = sign_in("bilal")
    assert 'role="alert"' not in browser.get("/admin/samples/").content.decode()
    page = browser.post("/admin/samples/", {"first": "nonsense"}).content.decode()
    summary = re.search(r'<div class="errornote" role="alert">.*?</div>', page, re.DOTALL)
    assert summary, page
    assert "Please correct the following:" in summary.group()
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', summary.group())
    assert len(links) == page.count('class="errorlist"') >= 3, links
    for target, label in links:
        assert page.count(f'id="{target}"') == 1, label
        assert page.index(summary.group()) < page.index(f'id="{target}"')


def test_the_title_of_a_guardians_pages_names_guardian_and_child(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=timezone.now())
    amina, title = sign_in("amina"), f"{row.get_relationship_display()}: lms-esra, for lms-danish"
    assert f"<title>{title} |" in amina.get(row_url("guardians/guardianship", row.pk)).content.decode()
    assert f"<bdi>{title}</bdi>" in amina.get(row_url("guardians/guardianship", row.pk, "end")).content.decode()
