"""Codes of the register are shown by their names, in the language of the page; dates in Urdu keep their order."""

from datetime import UTC, datetime

from django.utils import translation

from consent.register.models.purposes import Purpose
from paktaleem.foundation.console.register_names import format_categories, format_category
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.times import bare, format_date, format_time
from retention.schedule.models import RetentionRule
from tests.cast import Cast
from tests.console.codes import codes_in
from tests.project.test_console_in_urdu import in_urdu
from tests.signing_in import browser_of

USE = "Use of the platform and activity logs"
AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


def test_categories_have_names_in_lists_forms_and_titles(cast: Cast) -> None:
    browser = browser_of(cast.user("farah"))
    page = browser.get("/admin/consent/purpose/").content.decode()
    assert USE in page
    assert codes_in(page) == []
    assert f"{USE} (usage_logs)" not in browser.get("/admin/consent/purpose/add/?step=all").content.decode()
    rule = RetentionRule(category="usage_logs", period="P1Y", client_id=cast.client_id("indus"))
    with in_client(cast.client_id("indus")):
        rule.purpose = Purpose.objects.get(code="newsletter")
        assert site.describe_row(rule).startswith(f"{USE} · ")


def test_a_key_with_lower_case_letters_only_is_no_code() -> None:
    assert codes_in("<td>ptk_87433d6e</td><td>usage_logs</td>") == ["usage_logs"]


def test_names_are_in_the_language_of_the_page_with_its_comma(cast: Cast) -> None:
    indus = cast.client_id("indus")
    with in_client(indus):
        english = format_categories(["usage_logs", "contact_details"], indus)
        with translation.override("ur"):
            urdu = format_categories(["usage_logs", "contact_details"], indus)
        assert format_category("of_no_register", indus) == "of_no_register"
    assert english == f"{USE}, Name and contact details"
    assert urdu == "پلیٹ فارم کا استعمال اور سرگرمی کا ریکارڈ، نام اور رابطے کی معلومات"
    assert urdu.split("، ")[0] in in_urdu(cast, "farah").get("/admin/consent/purpose/").content.decode()


def test_a_date_in_an_urdu_sentence_is_isolated_and_in_english_it_is_plain() -> None:
    assert (format_date(AT), format_time(AT)) == ("2026-03-14", "2026-03-14 09:30")
    with translation.override("ur"):
        assert format_date(AT) == "\u20662026-03-14\u2069"
        assert bare(format_time(AT)) == "2026-03-14 09:30"
