"""Public pages of the policy and notices: accessible to all, in both languages, without script."""

import itertools
import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateformat import format as date_format

from consent.decisions.reasons import Reason as Why, remedy_for
from consent.notices.models import Notice
from consent.notices.selectors.registers import list_public_purposes
from consent.register.models.purposes import DataCategory, Occasion, Purpose
from consent.register.services import change_register, widen_purpose
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.consent.making import DAY, announce, prove, publish
from tests.console.pages import answer, refused_by_policy
from tests.factories import CAST_AT, SETTING_UP

BUDGET = 100_000
CHILDREN = {"child_text_en": "We keep your name.", "child_text_ur": "ہم آپ کا نام رکھتے ہیں۔"}


def page(path, language="en", **headers):
    response = Client().get(path, {"lang": language}, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.fixture
def coming(cast):
    """Set up a material change of the policy, announced, and proven at Indus."""
    at = timezone.now()
    text = {"text_en": "We keep <b>your</b> name.", "text_ur": "ہم نام رکھتے ہیں۔"}
    announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **text, **CHILDREN)
    text = {"text_en": "We keep your name and age.", "text_ur": "ہم نام اور عمر رکھتے ہیں۔"}
    version = announce(cast, at, code="privacy_notice", **text, **CHILDREN)
    prove(cast, "indus", version, at)
    return version


@pytest.mark.parametrize(
    ("language", "direction", "said"), [("en", "ltr", "Last updated"), ("ur", "rtl", "آخری تبدیلی")]
)
@pytest.mark.parametrize("path", ["/privacy/", "/privacy/indus/"])
def test_the_text_in_effect_in_the_readers_language(coming, path, language, direction, said):
    html = page(path, language)
    assert f'<html lang="{language}" dir="{direction}">' in html
    assert said in html
    assert "support@PakTaleem.com" in html
    assert ("ہم نام رکھتے ہیں۔" if language == "ur" else "We keep &lt;b&gt;your&lt;/b&gt; name.") in html
    assert refused_by_policy(html) == []
    assert "<script" not in html
    assert len(html.encode()) < BUDGET


def test_a_page_sets_no_cookie_changes_nothing_and_is_cached_briefly(coming):
    response = Client().get("/privacy/indus/")
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=300"
    assert Client().post("/privacy/indus/").status_code == 405


def test_no_cache_keeps_a_page_beyond_the_time_of_effect(cast, settings):
    settings.NOTICE_DAYS = 1
    at = timezone.now() - DAY + timedelta(minutes=2)
    version = announce(cast, at, code="privacy_notice", effective_at=at + DAY)
    assert Client().get("/privacy/indus/")["Cache-Control"] == "public, max-age=300"
    prove(cast, "indus", version, at)
    assert Client().get("/privacy/indus/")["Cache-Control"] == "no-store"


def test_an_upcoming_text_is_shown_where_it_will_take_effect(coming):
    assert "This text changes on" in page("/privacy/indus/")
    assert "This text changes on" not in page("/privacy/khyber/")
    assert "We keep your name and age." in page(f"/privacy/indus/versions/{coming.pk}/")
    assert Client().get(f"/privacy/khyber/versions/{coming.pk}/").status_code == 404


def test_earlier_versions_are_listed_and_differences_readable_and_heard(coming):
    html = page("/privacy/indus/versions/")
    assert [word in html for word in ("Upcoming", "In effect", "Earlier")] == [True] * 3
    compare = re.findall(r'href="(/privacy/indus/compare/[^"]+)"', html)
    assert len(compare) == 2
    shown = Client().get(compare[0].replace("&amp;", "&")).content.decode()
    assert re.search(r"<ins><span[^>]*>\[added: </span>[^<]*age\.", shown)
    assert "<del>" in shown
    assert page("/privacy/indus/compare/")


@pytest.mark.parametrize("language", ["en", "ur"])
def test_children_read_words_of_their_own_and_all_the_notice_with_which_consent_is_asked(coming, language):
    assert CHILDREN[f"child_text_{language}"] in page("/privacy/indus/children/", language)
    assert "/privacy/indus/children/" in page("/privacy/indus/", language)
    assert "May we use your data for newsletter?" in page("/privacy/indus/notices/about_newsletter/")
    assert "/privacy/indus/notices/about_newsletter/" in page("/privacy/indus/")


def test_what_is_not_there_and_what_is_not_yours_answer_the_same(cast, coming):
    with in_client(cast.client_id("khyber")):
        notice = Notice.objects.get(client_id=cast.client_id("khyber"), code="about_newsletter")
        own = publish(notice, timezone.now(), actor=cast.actor("celia"))
    nobody = "0190b9f4-0000-7000-8000-000000000000"
    paths = [
        "/privacy/nowhere/",
        "/privacy/NoWhere-/",
        f"/privacy/indus/versions/{own.pk}/",
        f"/privacy/indus/versions/{nobody}/",
        "/privacy/indus/notices/nothing/",
        f"/privacy/indus/compare/?from={own.pk}",
        "/privacy/indus/compare/?from=%00",
        "/nowhere/",
    ]
    found = [answer(Client().get(path)) for path in paths]
    assert {status for status, *_ in found} == {404}
    assert len({body for _, body, _ in found}) == 1
    assert page(f"/privacy/khyber/versions/{own.pk}/")


def test_no_page_of_a_text_skips_a_heading_level(cast):
    at = timezone.now()
    text = "## What we hold\n\nNames.\n\n#### In detail\n\nFirst names.\n\n## How long\n\nA year."
    for words in (text, text.replace("A year", "Two years")):
        announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, text_en=words, text_ur=words)
    for path in ("/privacy/", "/privacy/indus/", "/privacy/indus/versions/", "/privacy/indus/compare/"):
        levels = [int(level) for level in re.findall(r"<h([1-6])", page(path))]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (path, levels)
    assert "<h2>What we hold</h2>" in page("/privacy/indus/")
    assert "<h3>In detail</h3>" in page("/privacy/indus/")


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_policy_lists_every_active_purpose_with_its_data_and_every_occasion(cast, coming, language):
    html = unescape(page("/privacy/indus/", language))
    with in_client(cast.client_id("indus")):
        purposes = list(Purpose.objects.filter(is_active=True))
        occasions, categories = list(Occasion.objects.all()), list(DataCategory.objects.all())
    assert purposes
    assert occasions
    names = {one.code: getattr(one, f"name_{language}") for one in categories}
    for one in purposes:
        assert getattr(one, f"name_{language}") in html
        assert getattr(one, f"description_{language}") in html
        assert all(names[code] in html for code in one.categories)
    assert all(getattr(one, f"name_{language}") in html for one in occasions)
    inactive = next(one for one in purposes if one.code == "newsletter")
    with in_client(inactive.client_id):
        inactive.is_active = False
        save_tracked(inactive, actor=SETTING_UP, reason=Reason.REVIEW, at=timezone.now())
    assert inactive.description_en not in unescape(page("/privacy/indus/"))
    words = getattr(inactive, f"description_{language}")  # in Urdu those of other purposes too
    assert unescape(page("/privacy/indus/", language)).count(words) == html.count(words) - 1


def test_a_purpose_says_since_when_it_is_used_what_was_added_and_what_is_automated(cast):
    at, zone = timezone.now(), ZoneInfo("Asia/Karachi")
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        purpose = Purpose.objects.get(code="newsletter", client_id=indus.pk)
        widen_purpose(purpose, categories=["device"], actor=SETTING_UP, reason=Reason.REVIEW, at=at)
        words = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Hints")
        hints = Purpose(client=indus, code="hints", automated="profiling", **words)
        change_register(hints, actor=SETTING_UP, reason=Reason.REVIEW, at=at)
        listed = {one["text"].name: one for one in list_public_purposes(indus, at=at, language="en")}
    newsletter = listed["Newsletter"]
    assert (newsletter["since"], newsletter["widened_at"]) == (CAST_AT, at)
    day = date_format(at.astimezone(zone), "j F Y")
    own = page("/privacy/indus/")
    assert f"Changed on {day}." in own
    assert own.count("Profiling: people are evaluated automatically") == 1
    before = page("/privacy/khyber/")
    assert "Since 1 September 2026." in before
    assert "Data added" not in before


@pytest.mark.parametrize(
    ("path", "code"), [("/privacy/", ""), ("/privacy/indus/", "indus/"), ("/cookies/indus/", "indus/")]
)
def test_every_page_leads_to_the_forms_for_requests_and_concerns(db, path, code):
    html = page(path)
    for form in ("/requests/", "/concern/"):
        assert f'href="{form}{code}?lang=en"' in html
        assert Client().get(f"{form}{code}").status_code == 200


def test_the_page_of_a_client_names_its_postal_address_and_the_section_of_receipts_leads_to_the_form(cast):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        client.address = "12 Lyari Road, Karachi 75660"
        save_tracked(client, actor=SETTING_UP, reason=Reason.CORRECTION, at=CAST_AT)
    section = page("/privacy/indus/").partition('id="rights"')[2].partition("</section>")[0]
    assert "12 Lyari Road, Karachi 75660" in section
    assert 'href="/requests/indus/?lang=en"' in section


def test_the_documentation_of_every_remedy_is_a_section_of_a_page_that_is_served():
    for reason in Why:
        remedy = remedy_for(reason)
        if remedy is not None:
            address, _, section = remedy.documentation.partition("#")
            assert f'<h2 id="{section}">{reason.value}</h2>' in page(address)


def test_a_refusal_leads_to_the_section_of_its_reason(cast):
    decision = Caller(cast.key("indus")).ask("lms-nobody", "service_delivery")
    address, _, section = decision["context"]["remedy"]["documentation"].partition("#")
    assert section == decision["context"]["reason"] == "subject_unknown"
    assert f'<h2 id="{section}">' in page(address)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_page_is_english_text_in_the_readers_frame_also_without_documentation(language, settings, tmp_path):
    settings.BASE_DIR = tmp_path  # where the documentation is not deployed
    html = page("/docs/reasons/", language)
    assert f'<html lang="{language}"' in html
    assert '<div class="text" lang="en" dir="ltr">' in html
    assert '<h2 id="consent_missing">' in html
    assert "<code>valid_until</code>" in html
    assert "<em>What would help:</em>" in html
    assert len(re.findall("<h1", html)) == 1
    assert refused_by_policy(html) == []
    assert "<script" not in html
    response = Client().get("/docs/reasons/")
    assert response["Cache-Control"] == "public, max-age=300"
    assert Client().post("/docs/reasons/").status_code == 405
