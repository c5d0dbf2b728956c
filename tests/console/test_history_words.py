"""History pages say in words who changed what: staff by name, encrypted values only as changed, no raw values."""

import re
from datetime import timedelta
from typing import Any

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.audit.fact_names import FACT_NAMES
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.history import format_parts, list_row_versions
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import HoldKind
from retention.schedule.services.holds import HoldScope, place_hold
from tests.cast import Cast
from tests.console.fact_keys import list_fact_keys
from tests.console.pages import MODELS, admin_of, row_url
from tests.factories import SETTING_UP
from tests.project.offenders import refuse_any
from tests.project.test_console_in_urdu import in_urdu
from tests.signing_in import browser_of

CELL = re.compile(r'<td dir="auto">(.*?)</td>', re.DOTALL)
RAW = re.compile(
    r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\{&#x27;|\{&quot;|\[&#x27;|\[&quot;|\bNone\b|\bTrue\b|\bFalse\b"
)
SHORTENED = re.compile(r"…[0-9a-f]{6}\b")
BY_THE_END_OF_AN_ID = {"breaches/breach"}
"""Its incident, which the breaches of several clients share, has no other name."""


def test_no_history_shows_an_id_or_a_raw_value(rows: dict[str, Any], cast_of_rows: Cast) -> None:
    browser = browser_of(cast_of_rows.user("amina"))
    tracked = [model for model in MODELS if hasattr(admin_of(model).model, "history") and rows.get(model)]
    assert len(tracked) >= 30

    def list_raw(model: str) -> list[str]:
        page = browser.get(row_url(model, rows[model], "history")).content.decode()
        may_end = model in BY_THE_END_OF_AN_ID
        return [cell for cell in CELL.findall(page) if RAW.search(cell) or (SHORTENED.search(cell) and not may_end)]

    refuse_any((model, list_raw(model)) for model in tracked)


def changes_of(row: Any, viewer: Actor) -> dict[str, tuple[str, str]]:
    newest = list_row_versions(row, viewer=viewer)[0]
    return {change.field: (change.old, change.new) for change in newest.changes or ()}


def test_an_encrypted_value_is_only_said_to_be_changed(cast: Cast, now: Any) -> None:
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"client": cast.client("indus"), "actor": cast.actor("farah"), "at": now}
        register_subject("lms-hamza", details={"full_name": "Hamza Other", "phone": "+923007654321"}, **by)
        changes = changes_of(Subject.objects.get(external_id="lms-hamza"), cast.actor("farah"))
    assert changes["Full name"] == ("Encrypted", "Changed")
    assert changes["Phone"] == ("—", "Added")


def test_json_becomes_words() -> None:
    assert format_parts({"may_consent": True, "limits": [{"days": 3}, "a"], "none": None}) == (
        "may consent: Yes; limits: days: 3, a; none: —"
    )


def test_an_entry_of_the_ledger_says_its_facts_in_words(cast: Cast, now: Any) -> None:
    client_id = cast.client_id("indus")
    facts = {"reason": "review", "purposes": ["newsletter"], "until": "2026-10-01T09:00:00+00:00", "paused": True}
    with in_client(client_id):
        entry = record_entry("list.exported", client_id=client_id, facts=facts, actor=cast.actor("farah"), at=now)
    page = browser_of(cast.user("farah")).get(row_url("ledger/entry", entry.pk)).content.decode()
    words = re.sub(r"<[^>]+>", "", page)
    for line in ("reason: Periodic review", "paused: Yes", "until: 2026-10-01 14:00"):
        assert line in words
    assert "purposes: newsletter" not in words
    assert "Show the exact text" in words


def test_every_fact_that_the_ledger_records_has_a_name() -> None:
    keys = list_fact_keys()
    assert len(keys) > 200
    assert sorted(keys - FACT_NAMES.keys()) == []


def test_the_facts_of_an_entry_are_in_urdu_on_an_urdu_page(cast: Cast, now: Any) -> None:
    client_id = cast.client_id("indus")
    facts = {"categories": ["contact_details"], "instrument": "court_order", "informed": False, "days_left": 3}
    with in_client(client_id):
        entry = record_entry(
            "legal_disclosure.made", client_id=client_id, facts=facts, actor=cast.actor("amina"), at=now
        )
    page = in_urdu(cast, "amina").get(row_url("ledger/entry", entry.pk)).content.decode()
    words = re.sub(r"<[^>]+>", "", page.partition("<pre")[0])
    for line in ("قانونی ذریعہ: عدالتی حکم", "باقی دن: 3", "متعلقہ شخص کو اطلاع: نہیں"):
        assert line in words
    for key in ("instrument", "court", "categories", "contact", "days left"):
        assert key not in words


def test_what_the_portal_did_itself_is_said_to_be_the_systems(cast: Cast, now: Any) -> None:
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


def test_codes_of_fields_are_said_in_words(cast: Cast) -> None:
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


def test_a_version_without_a_reason_has_no_empty_mark(rows: dict[str, Any], cast_of_rows: Cast) -> None:
    browser = browser_of(cast_of_rows.user("amina"))
    page = browser.get(row_url("rights/rightsrequest", rows["rights/rightsrequest"], "history")).content.decode()
    assert "Rights request received" in page, "by the person, without a reason"
    assert '<span class="why"></span>' not in page
