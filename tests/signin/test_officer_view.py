"""An officer reads all clients through a read-only database role, and writes in one client."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.site import site
from tests.signing_in import browser_of

WHO = "SELECT current_user, current_setting('paktaleem.client', true)"


class Spy:
    """A start page board that records its database role and attempts a write."""

    def __init__(self) -> None:
        self.seen: tuple[Any, ...] | None = None
        self.clients: set[str] = set()
        self.refusal = ""

    def __call__(self, *_: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(WHO)
            self.seen = cursor.fetchone()
        self.clients = set(Client.objects.values_list("code", flat=True))
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE accounts_client SET name = name")
        except ProgrammingError as error:
            self.refusal = str(error)
        return []


@pytest.fixture
def spy(monkeypatch):
    found = Spy()
    monkeypatch.setattr("paktaleem.foundation.console.site.boards", [found])
    return found


@pytest.mark.parametrize("name", ["amina", "bilal", "sana"])
def test_an_officers_view_reads_all_clients_and_cannot_write(name, cast, spy):
    assert browser_of(cast.user(name)).get("/admin/").status_code == 200
    assert spy.seen == ("paktaleem_officer", "")
    assert {"paktaleem", "indus", "khyber"} <= spy.clients
    assert "permission denied for table accounts_client" in spy.refusal


def test_a_client_administrators_view_reads_only_that_client(cast, spy):
    assert browser_of(cast.user("farah")).get("/admin/").status_code == 200
    assert spy.seen == ("paktaleem_app", str(cast.client_id("indus")))
    assert spy.clients == {"indus"}


def test_an_officers_change_runs_in_the_context_of_the_rows_client(cast, monkeypatch):
    seen: list[Any] = []
    admin: Any = site._registry[Purpose]
    write = type(admin).write

    def noting(self: Any, row: Any, saving: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(WHO)
            seen.append(cursor.fetchone())
        write(self, row, saving)

    monkeypatch.setattr(type(admin), "write", noting)
    purpose = cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))
    url = f"/admin/consent/purpose/{purpose.pk}/change/"
    browser = browser_of(cast.user("amina"))
    form = browser.get(url).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    answer = browser.post(url, {**sent, "name_en": "News", "reason": "review"})
    assert answer.status_code == 302, answer.context["errors"]
    assert seen == [("paktaleem_app", str(cast.client_id("indus")))]
    assert cast.get(Purpose, "khyber", code="newsletter", client_id=cast.client_id("khyber")).name_en != "News"
