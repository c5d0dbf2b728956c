"""The start page: readable lines about latest acts, in the chosen language."""

import re

import pytest
from django.utils import timezone

from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.signing_in import SignIn


def latest(page: str) -> list[str]:
    """The lines of the latest acts, without markup."""
    rows = re.findall(r"<tr>\s*<td class=\"when\">(.*?)</tr>", page, re.DOTALL)
    return [re.sub(r"<[^>]+>|&nbsp;", " ", row) for row in rows]


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_an_import_is_one_line_with_its_number(name: str, sign_in: SignIn, cast: Cast) -> None:
    client_id, at = cast.client_id("indus"), timezone.now()
    with in_client(client_id):
        for _ in range(30):
            record_entry("subject.registered", client_id=client_id, facts={}, actor=cast.actor("farah"), at=at)
        record_entry("api_key.issued", client_id=client_id, facts={}, actor=cast.actor("farah"), at=at)
    page = sign_in(name).get("/admin/").content.decode()
    lines = latest(page)
    assert len([line for line in lines if "registered" in line and "× 30" in line]) == 1
    assert [line for line in lines if "issued" in line and "×" not in line]
    assert "/admin/ledger/entry/?act=subject" in page
    assert len(lines) <= 8


def test_the_console_speaks_urdu_to_whom_chose_it(sign_in: SignIn, cast: Cast) -> None:
    browser = sign_in("amina")
    assert browser.get("/admin/?lang=ur").status_code == 302
    page = browser.get("/admin/subjects/subject/").content.decode()
    assert '<html lang="ur" dir="rtl"' in page
    for words in ("متعلقہ اشخاص", "طالب علم", "برآمد کریں", "باہر نکلیں", "درج ہوتی ہے", "رجسٹر ہوا"):
        assert words in page
    assert ">Kept<" not in page
    assert "lang=en" in page
    assert '<html lang="en" dir="ltr"' in sign_in("farah").get("/admin/").content.decode()
