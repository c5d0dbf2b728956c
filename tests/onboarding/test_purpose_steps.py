"""A purpose's page leads through what it still needs, step by step, to the forms."""

import re
from typing import Any

from consent.register.models.purposes import LawfulBasis, Purpose
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.console.pages import row_url
from tests.project.test_console_in_urdu import english_in, in_urdu
from tests.signing_in import browser_of

NEW = {
    "code": "alumni_news",
    "name_en": "News for alumni",
    "name_ur": "سابق طلبہ کی خبریں",
    "description_en": "News for former students.",
    "description_ur": "سابق طلبہ کے لیے خبریں۔",
    "categories": ["contact_details"],
    "renew_days": "30",
    "is_active": "on",
    "reason": "client_instruction",
}
LINK = re.compile(r'href="(/admin/[^"?]+/add/\?[^"]+)"')


def steps_of(page: Any) -> list[str]:
    """Return the forms to which the steps of a page lead."""
    return [url.replace("&amp;", "&") for url in LINK.findall(page.content.decode())]


def test_a_new_purpose_leads_to_its_basis_instruction_notice_and_rule(cast: Cast) -> None:
    farah = browser_of(cast.user("farah"))
    page = farah.post("/admin/consent/purpose/add/", NEW, follow=True)
    basis, instruction, notice, rule = steps_of(page)
    with in_client(cast.client_id("indus")):
        purpose = Purpose.objects.get(code="alumni_news")
    assert [url.split("/")[3] for url in (basis, instruction, notice, rule)] == [
        "lawfulbasis",
        "instruction",
        "notice",
        "retentionrule",
    ]
    assert f'<option value="{purpose.pk}" selected>' in farah.get(basis).content.decode()
    given = {"purpose": str(purpose.pk), "role": "student", "basis": "consent", "reason": "client_instruction"}
    assert farah.post(basis, given).status_code == 302
    with in_client(cast.client_id("indus")):
        assert LawfulBasis.objects.filter(purpose=purpose).exists()
    url = row_url("consent/purpose", purpose.pk)
    assert steps_of(farah.get(url)) == [instruction, notice, rule]
    assert english_in(in_urdu(cast, "farah").get(url), url) == []


def test_readers_who_may_not_change_the_register_see_the_steps_without_forms(cast: Cast) -> None:
    farah, bilal = browser_of(cast.user("farah")), browser_of(cast.user("bilal"))
    page = farah.post("/admin/consent/purpose/add/", NEW, follow=True)
    url = page.redirect_chain[-1][0]
    assert "Next steps" in bilal.get(url).content.decode()
    assert steps_of(bilal.get(url)) == []


def test_the_steps_of_a_shared_purpose_are_shown_to_paktaleem_only(cast: Cast) -> None:
    amina, farah = browser_of(cast.user("amina")), browser_of(cast.user("farah"))
    given = {**NEW, "client": str(PAKTALEEM), "reason": "review"}
    url = amina.post("/admin/consent/purpose/add/", given, follow=True).redirect_chain[-1][0]
    assert "Next steps" in amina.get(url).content.decode()
    assert "Next steps" not in farah.get(url).content.decode()
