"""Two people on the form of one row: the second sees what the first saved, and chooses."""

import re
from typing import Any

from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import row_url
from tests.signing_in import SignIn

LOADED = re.compile(r'<input type="hidden" name="loaded" value="(\w+)">')


def system_of(cast: Cast) -> System:
    with in_client(cast.client_id("indus")):
        found: System = System.objects.filter(client_id=cast.client_id("indus")).order_by("code")[0]
    return found


def open_page(browser: Any, url: str) -> dict[str, Any]:
    """Return what the form of the page would send if nothing was typed."""
    response = browser.get(url)
    form = response.context["adminform"].form
    values = {name: form.initial[name] for name in form.fields if form.initial.get(name) not in (None, "", False)}
    loaded = LOADED.search(response.content.decode())
    return {**values, "reason": "correction", **({"loaded": loaded[1]} if loaded else {})}


def test_the_second_sees_the_first_ones_value_and_may_replace_it(sign_in: SignIn, cast: Cast) -> None:
    url = row_url("systems/system", system_of(cast).pk)
    amina, farah = sign_in("amina"), sign_in("farah")
    of_amina, of_farah = open_page(amina, url), open_page(farah, url)
    assert farah.post(url, {**of_farah, "name": "Farah’s name"}).status_code == 302
    refused = amina.post(url, {**of_amina, "name": "Amina’s name"})
    assert refused.status_code == 200
    page = refused.content.decode()
    assert "Someone else saved this row" in page
    assert "Now stored: Farah’s name" in page
    assert 'value="Amina’s name"' in page
    assert "<bdi>Farah’s name</bdi></h1>" in page
    assert system_of(cast).name == "Farah’s name"
    loaded = LOADED.search(page)
    assert loaded is not None
    assert amina.post(url, {**of_amina, "name": "Amina’s name", "loaded": loaded[1]}).status_code == 302
    assert system_of(cast).name == "Amina’s name"


def test_one_alone_saves_twice_from_pages_opened_in_between(sign_in: SignIn, cast: Cast) -> None:
    url = row_url("systems/system", system_of(cast).pk)
    farah = sign_in("farah")
    for name in ("First", "Second"):
        assert farah.post(url, {**open_page(farah, url), "name": name}).status_code == 302
    assert system_of(cast).name == "Second"
