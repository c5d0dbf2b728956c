"""Times are shown and entered in the reader's zone, with the exact time in UTC beside them."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from consent.consents.services.restrictions import restrict_processing
from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.columns import day, moment, moment_tag
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.cast import Cast
from tests.console.pages import KARACHI as KARACHI_ZONE
from tests.console.pages import list_url, row_url
from tests.signing_in import SignIn

LATE = datetime(2026, 9, 1, 20, 30, 15, 123456, tzinfo=UTC)
"""In Karachi it is 2 September already; in London it is 1 September, in summer time."""
KARACHI, LONDON = ">2026-09-02 01:30</time>", ">2026-09-01 21:30</time>"
EXACT = 'datetime="2026-09-01T20:30:15.123456Z" title="2026-09-01T20:30:15.123456Z"'
LOOKS = list_url("subjects/accessrecord")


def look_late(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        reveal_fields(cast.subject("esra"), actor=cast.actor("farah"), reason=Reason.REVIEW, at=LATE)


def test_a_time_near_midnight_is_on_the_day_of_its_reader(sign_in: SignIn, cast: Cast, settings: Any) -> None:
    settings.STAFF_TIME_ZONE = "Europe/London"
    look_late(cast)
    with in_client(cast.client_id("indus")):
        name = cast.client("indus").name
    school, officer = sign_in("farah"), sign_in("amina")
    ours, theirs = school.get(LOOKS).content.decode(), officer.get(LOOKS).content.decode()
    assert KARACHI in ours
    assert EXACT in ours
    assert f"Times are in the time zone of <bdi>{name}</bdi>, <bdi>Asia/Karachi</bdi>." in ours
    assert LONDON in theirs
    assert EXACT in theirs
    assert "Times are in the time zone of PakTaleem’s staff, <bdi>Europe/London</bdi>." in theirs


def test_a_user_chooses_a_zone_for_themselves_alone(sign_in: SignIn, cast: Cast) -> None:
    look_late(cast)
    browser = sign_in("farah")
    page = browser.get("/admin/account/").content.decode()
    assert "As by default: Asia/Karachi" in page
    assert browser.post("/admin/account/", {"time_zone": "Europe/Nowhere"}).status_code == 200
    assert KARACHI in browser.get(LOOKS).content.decode()
    assert browser.post("/admin/account/", {"time_zone": "Europe/London"}).status_code == 302
    shown = browser.get(LOOKS).content.decode()
    assert LONDON in shown
    assert "Times are in the time zone that you chose, <bdi>Europe/London</bdi>." in shown
    assert KARACHI in sign_in("amina").get(LOOKS).content.decode()
    assert browser.post("/admin/account/", {"time_zone": ""}).status_code == 302
    assert KARACHI in browser.get(LOOKS).content.decode()
    with in_global():
        assert User.history.filter(pk=cast.user_id("farah"), history_type="~").count() == 0


def test_details_and_names_of_rows_are_in_the_zone_too(sign_in: SignIn, cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        row = restrict_processing(cast.subject("esra"), actor=cast.actor("farah"), reason=Reason.REVIEW, at=LATE)
    page = sign_in("farah").get(row_url("consent/restriction", row.pk)).content.decode()
    assert f"<time {EXACT}{KARACHI}" in page
    assert "restricted from 2026-09-02" in page.replace("\N{WORD JOINER}", "")


def test_the_day_on_which_a_child_decides_is_the_clients_for_every_reader(
    sign_in: SignIn, cast: Cast, settings: Any
) -> None:
    settings.STAFF_TIME_ZONE = "Europe/London"
    with in_client(cast.client_id("indus")):
        until = cast.subject("danish").of_age_at
    assert until is not None
    words = f"Child until {until.astimezone(KARACHI_ZONE):%Y-%m-%d}"
    for name in ("amina", "farah"):
        browser = sign_in(name)
        assert words in browser.get(list_url("subjects/subject")).content.decode()
        assert words in browser.get(row_url("subjects/subject", cast.subject_id("danish"))).content.decode()


def test_a_time_is_entered_in_the_zone_and_recorded_in_utc(sign_in: SignIn, cast: Cast) -> None:
    """The timeline of a past time: what was so at 01:30 in Karachi."""
    look = row_url("subjects/subject", cast.subject_id("esra"), "timeline")
    before, after = (
        sign_in("farah").get(look, {"day": "2026-09-02", "hour": hour}).content.decode() for hour in ("01:30", "02:30")
    )
    assert 'datetime="2026-09-01T20:30:00Z"' in before
    assert 'datetime="2026-09-01T21:30:00Z"' in after


def test_an_export_does_not_depend_on_the_zone(sign_in: SignIn, cast: Cast) -> None:
    look_late(cast)
    browser = sign_in("farah")
    answer = browser.post(f"{LOOKS}export/", {"format": "csv", "reason": "review"})
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "2026-09-01T20:30:15.123456Z" in text


def test_the_end_of_the_calendar_is_shown_in_every_zone() -> None:
    """A period without end, where five hours more would be another year."""
    end = datetime.max.replace(tzinfo=UTC)
    with timezone.override("Asia/Karachi"):
        assert (moment(end), day(end)) == ("9999-12-31 23:59", "9999-12-31")
        assert ">9999-12-31 23:59</time>" in moment_tag(end)
