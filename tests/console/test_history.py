"""History pages say in words who changed what; encrypted values are said to be changed only."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django import forms
from django.db import transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.history import format_parts, list_row_versions
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, place_hold
from tests.console.pages import MODELS, admin_of, row_url
from tests.console.urdu import in_urdu
from tests.factories import SETTING_UP
from tests.project.offenders import refuse_any
from tests.project.test_acts_in_urdu import filled
from tests.signing_in import browser_of

CELL = re.compile(r'<td dir="auto">(.*?)</td>', re.DOTALL)
RAW = re.compile(
    r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\{&#x27;|\{&quot;|\[&#x27;|\[&quot;|\bNone\b|\bTrue\b|\bFalse\b"
)
SHORTENED = re.compile(r"…[0-9a-f]{6}\b")
BY_THE_END_OF_AN_ID = {"breaches/breach"}
"""Its incident, which the breaches of several clients share, has no other name."""


def test_no_history_shows_an_id_or_a_raw_value(rows, crawl):
    opened = crawl("amina", part="/history/")
    tracked = [model for model in MODELS if hasattr(admin_of(model).model, "history") and rows.get(model)]
    assert len(tracked) >= 30

    def list_raw(model):
        page = opened[row_url(model, rows[model], "history")].html
        may_end = model in BY_THE_END_OF_AN_ID
        return [cell for cell in CELL.findall(page) if RAW.search(cell) or (SHORTENED.search(cell) and not may_end)]

    refuse_any((model, list_raw(model)) for model in tracked)


def changes_of(row, viewer):
    newest = list_row_versions(row, viewer=viewer)[0]
    return {change.field: (change.old, change.new) for change in newest.changes or ()}


def test_an_encrypted_value_is_only_said_to_be_changed(cast, now):
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"client": cast.client("indus"), "actor": cast.actor("farah"), "at": now}
        register_subject("lms-hamza", details={"full_name": "Hamza Other", "phone": "+923007654321"}, **by)
        changes = changes_of(Subject.objects.get(external_id="lms-hamza"), cast.actor("farah"))
    assert changes["Full name"] == ("Encrypted", "Changed")
    assert changes["Phone"] == ("—", "Added")


def test_json_becomes_words():
    assert format_parts({"may_consent": True, "limits": [{"days": 3}, "a"], "none": None}) == (
        "may consent: Yes; limits: days: 3, a; none: —"
    )


def test_an_entry_of_the_ledger_says_its_facts_in_words(cast, now):
    client_id = cast.client_id("indus")
    facts = {"reason": "review", "purposes": ["newsletter"], "until": "2026-10-01T09:00:00+00:00", "paused": True}
    with in_client(client_id):
        entry = record_entry("list.exported", client_id=client_id, facts=facts, actor=cast.actor("farah"), at=now)
    page = browser_of(cast.user("farah")).get(row_url("audit/entry", entry.pk)).content.decode()
    words = re.sub(r"<[^>]+>", "", page)
    for line in ("reason: Periodic review", "paused: Yes", "until: 2026-10-01 14:00"):
        assert line in words
    assert "purposes: newsletter" not in words
    assert "Show the exact text" in words


def test_the_facts_of_an_entry_are_in_urdu_on_an_urdu_page(cast, now):
    client_id = cast.client_id("indus")
    facts = {"categories": ["contact_details"], "instrument": "court_order", "informed": False, "days_left": 3}
    with in_client(client_id):
        entry = record_entry(
            "legal_disclosure.made", client_id=client_id, facts=facts, actor=cast.actor("amina"), at=now
        )
    page = in_urdu(cast, "amina").get(row_url("audit/entry", entry.pk)).content.decode()
    words = re.sub(r"<[^>]+>", "", page.partition("<pre")[0])
    for line in ("قانونی ذریعہ: عدالتی حکم", "باقی دن: 3", "متعلقہ شخص کو اطلاع: نہیں"):
        assert line in words
    for key in ("instrument", "court", "categories", "contact", "days left"):
        assert key not in words


def test_what_the_portal_did_itself_is_said_to_be_the_systems(cast, now):
    with in_client(cast.client_id("indus")):
        about: dict[str, Any] = {
            "kind": HoldKind.LEGAL,
            "ground": "Case 12.",
            "review_on": now.date() + timedelta(days=9),
        }
        client, scope = cast.client("indus"), HoldScope(subject=cast.subject("danish"))
        for actor, name in ((SETTING_UP, "System"), (cast.actor("farah"), "farah@indus.example")):
            hold = place_hold(client, scope=scope, **about, actor=actor, at=now)
            changes = changes_of(hold, cast.actor("farah"))
            assert changes["Placed by"] == ("—", name)
            assert "Placed kind" not in changes


def test_codes_of_fields_are_said_in_words(cast):
    with in_client(cast.client_id("indus")):
        client = changes_of(cast.client("indus"), cast.actor("amina"))
        person = changes_of(cast.subject("esra"), cast.actor("farah"))
        key = changes_of(ApiKey.objects.get(pk=cast.key_id("indus")), cast.actor("farah"))
    assert client["Country"] == ("—", "Pakistan")
    assert "Clock offset" not in client
    assert person["Language"] == ("—", "Urdu")
    assert person["Of age at"] == ("—", "Of age")
    assert "subjects:read" not in key["Scopes"][1]
    assert format_parts({"until": "2026-10-01T09:00:00+00:00"}).startswith("until: 2026-10-01 ")


def test_a_version_without_a_reason_has_no_empty_mark(rows, cast_of_rows):
    browser = browser_of(cast_of_rows.user("amina"))
    page = browser.get(row_url("requests/rightsrequest", rows["requests/rightsrequest"], "history")).content.decode()
    assert "Rights request received" in page, "by the person, without a reason"
    assert '<span class="why"></span>' not in page


TEXTS = "the filled form keeps its texts; the forms of other rows change some"
ACTS = "changed by a second person, the worker or another page, not by a form of its own"
UNCHANGED = {
    "upkeep/portalperiod": "changes on the approval of a second person",
    "accounts/client": TEXTS,
    "accounts/user": "changed on the page of the person's own account, or by their roles",
    "ageing/comingofage": "a person, whose own page changes it",
    "breaches/breach": "the filled forms choose no people",
    "guardians/childmechanism": ACTS,
    "guardians/providercheck": ACTS,
    "guardians/quarantine": "ends on the approval of a second person",
    "consent/agreementsuspension": ACTS,
    "consent/noticedispatch": ACTS,
    "consent/noticeversion": "a published text, which is never changed",
    "consent/objection": ACTS,
    "consent/recipient": TEXTS,
    "consent/restriction": ACTS,
    "cookies/cookie": "the filled form makes it necessary, which takes a second person",
    "cookies/cookiesite": TEXTS,
    "holdings/incident": ACTS,
    "schedule/hold": ACTS,
    "people/guardianclaim": ACTS,
    "people/readmission": ACTS,
}
"""Tracked rows that this test does not change, with the reason."""
BY_A_WORD = {
    "consent/datacategory",
    "consent/listedlaw",
    "consent/occasion",
    "cookies/linkedservice",
}
"""Rows whose form has texts only: they are sent with a word more."""
NAMES = re.compile(r"(amina|farah)@[a-z]+\.example, (privacy officer|client administrator)")
WITHOUT_NAME = re.compile(r"<code.*?</code>|https?://\S+|[\w.-]+@[\w.-]+|<[^>]+>", re.DOTALL)
CODE = re.compile(r"\b[a-z]{2,}_[a-z_]*[a-z]\b|\b[a-z]+:[a-z]+\b|\bP\d+[YMWD]\b|\d{4}-\d\d-\d\dT|…[0-9a-f]{6}\b")
"""Text that is no word: codes, scopes, ISO periods and times, ends of ids."""


def tracked():
    return [model for model in MODELS if hasattr(admin_of(model).model, "history")]


def pages_of(model, rows):
    yield row_url(model, rows[model]), rows[model]
    for act in admin_of(model).all_acts():
        if (row := rows.get(f"{model}/{act.slug}", rows[model])) is not None:
            yield row_url(model, row, act.slug), row


def versions_of(browser, model, row):
    page = browser.get(row_url(model, row, "history")).content.decode()
    _, _, history = page.partition('<ol class="history">')
    return history.partition("</ol>")[0].split("<header>")[1:]


def add_word(form, name, value):
    field = form.fields.get(name)
    is_text = type(field) is forms.CharField and bool(form.get_initial_for_field(field, name))
    return f"{value} more" if is_text and isinstance(value, str) else value


def change_by(browsers, url, model, row, cast):
    pages = [(browser, browser.get(url)) for browser in browsers]
    browser, page = next((one for one in pages if one[1].status_code == 200), pages[0])
    form: Any = page.context and (page.context.get("form") or getattr(page.context.get("adminform"), "form", None))
    if page.status_code != 200 or form is None or not form.fields:
        return None
    with in_client(cast.client_id("indus")):  # in which a form looks up its choices
        given = filled(form)
        if model in BY_A_WORD:
            given = {name: add_word(form, name, value) for name, value in given.items()}
    before = len(versions_of(browser, model, row))
    with transaction.atomic():
        browser.post(url, given)
        after = versions_of(browser, model, row)
        transaction.set_rollback(True)
    return after[0] if len(after) > before else None


def faults_of(version):
    text = unescape(WITHOUT_NAME.sub(" ", version))
    found = [*RAW.findall(version), *CODE.findall(text)]
    return [*found, *([] if NAMES.search(version) else ["no person"])]


def test_a_change_of_every_kind_is_described_in_words(cast_of_rows, rows):
    browsers = [browser_of(cast_of_rows.user(name)) for name in ("amina", "farah")]
    faults, unchanged = list[str](), set[str]()
    for model in tracked():
        found = [change_by(browsers, url, model, row, cast_of_rows) for url, row in pages_of(model, rows)]
        versions = [version for version in found if version is not None]
        faults += [f"{model}: {wrong}" for version in versions if (wrong := faults_of(version))]
        if not any('<th scope="row">' in version for version in versions):
            unchanged.add(model)
    assert (faults, sorted(unchanged)) == ([], sorted(UNCHANGED))


STATE_ONLY = {
    "mail/letter": "its page has each attempt; the ledger has the act that needed the email",
    "holdings/flaggedcollection": "decided once, which its page shows with the person and the ground",
    "holdings/holding": "counts of what systems report; each report is a collection",
    "inventories/inventory": "its page has the answer; the ledger has who ordered and answered it",
    "inventories/inventoryline": "decided once, which its page shows with the person and the ground",
    "reports/usefinding": "decided once, which its page shows with the person and the ground",
    "schools/school": "as rosters and the learning platform state it; each import is in the ledger",
    "schools/schoolclass": "as rosters and the learning platform state it; each import is in the ledger",
    "schools/term": "as rosters and the learning platform state it; each import is in the ledger",
    "security/securityevent": "a count of refusals, or a copy of an entry of the ledger",
    "staff/signonlink": "made and ended by a sign-in, which its page shows",
    "webhooks/delivery": "its page has the state and the number of attempts",
}
"""Rows that change without a history, with what shows their changes."""
WITHOUT_ENTRY = {"exits/agreementexit"}
"""Rows on which the fixture has recorded no act yet."""


def test_rows_without_versions_have_the_acts_of_the_ledger(cast_of_rows, rows):
    browsers = [browser_of(cast_of_rows.user(name)) for name in ("amina", "farah")]
    empty, false = set[str](), set[str]()
    for model in sorted(set(MODELS) - set(tracked())):
        pages = [browser.get(row_url(model, rows[model], "history")) for browser in browsers]
        [page, *_] = [one.content.decode() for one in pages if one.status_code == 200]
        may_change = "UPDATE" in admin_of(model).model.wall.rights
        if may_change and "It cannot be changed." in page:
            false.add(model)
        if may_change and "<header>" not in page and "<tbody>" not in page:
            empty.add(model)
    assert false == set(), "a row that changes is said to be fixed"
    assert empty == set(STATE_ONLY) | WITHOUT_ENTRY
