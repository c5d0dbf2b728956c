"""Choices of form fields are set by ``offer``, which checks the kind of the field."""

from typing import Any

import pytest
from django import forms

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of


class Chosen(forms.Form):
    """A form with a code, a row and a text."""

    code = forms.ChoiceField()
    client = forms.ModelChoiceField(Client.objects.none())
    word = forms.CharField()


def test_codes_are_offered_with_their_words() -> None:
    form = Chosen({"code": "b"})
    set_choices(form, "code", ((code, code.upper()) for code in ("a", "b")))
    assert form["code"].subwidgets[1].data["label"] == "B"
    form.full_clean()
    assert "code" not in form.errors


def test_rows_are_offered(cast: Cast) -> None:
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
def test_a_field_offers_nothing_of_another_kind(name: str, offered: Any) -> None:
    with pytest.raises(TypeError, match=name):
        set_choices(Chosen(), name, offered)


def test_every_act_says_what_it_does_before_it_is_done() -> None:
    acts = [(model, act) for model in MODELS for act in admin_of(model).all_acts()]
    silent = {f"{model}/{act.slug}" for model, act in acts if not act.lead}
    assert silent == {"subjects/subject/answer"}, "its page shows the notice and the form for the answer"
    assert all(admin_of(model).actions is None for model in MODELS), "acts on many rows have pages of their own"
