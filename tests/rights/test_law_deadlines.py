"""Due dates by law: a second calculation against tables computed by hand, and what is never retroactive.

Sources: GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71, Art. 3(1) and (2)(c), without the working days of (4);
34 CFR 99.10(b); privacy policy, section 9. A due date is the end of its day at the client, or thirty times 24 hours
after receipt.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.law.profiles import read_law
from rights.requests.deadlines import due_at, longest_extension
from rights.requests.services.clock import extend_request, pause_request
from tests.laws import law_of_pakistan, period
from tests.rights.cases import AT, DAY, naming, received

LAW = read_law()
NOON = 12

# country, received at noon, last day of the law at noon, or None if the promise of thirty days is earlier, longest
# extension in days
TABLE = [
    ("DE", date(2026, 1, 15), None, 60),  # the month ends on 15 February, the promise on the 14th
    ("DE", date(2026, 1, 31), date(2026, 2, 28), 59),  # no 31 February; then 28 April
    ("DE", date(2026, 2, 1), date(2026, 3, 1), 60),  # then 1 May
    ("DE", date(2026, 2, 28), date(2026, 3, 28), 60),
    ("DE", date(2028, 1, 31), date(2028, 2, 29), 60),  # a leap year; then 29 April, 60 days later
    ("DE", date(2026, 4, 30), None, 60),  # 30 May, but the promise is at noon of that day
    ("GB", date(2026, 2, 10), date(2026, 3, 10), 60),
    ("US", date(2026, 2, 10), None, 15),  # forty-five days in all, without extension
    ("PK", date(2026, 2, 10), None, 60),
    ("AE", date(2026, 2, 10), None, 60),  # no profile: the promise
]


@pytest.mark.parametrize(("country", "day", "last", "extension"), TABLE)
def test_the_due_date_and_the_longest_extension_are_those_of_the_table(country, day, last, extension):
    at = datetime(day.year, day.month, day.day, NOON, tzinfo=UTC)
    law = LAW.find_profile(country).on(day)
    due = at + 30 * DAY if last is None else datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY
    assert due_at(at, zone="UTC", law=law) == due
    assert longest_extension(at, zone="UTC", law=law) == extension * DAY


def count_a_month(day):
    """Look through the days of the next month: the one of the same number, otherwise the last."""
    later = (day + n * DAY for n in range(1, 63))
    next_month = [one for one in later if one.month == day.month % 12 + 1]
    return ([one for one in next_month if one.day == day.day] or next_month[-1:])[0]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- with UTC
    st.sampled_from(["Europe/Berlin", "Asia/Karachi", "Pacific/Apia"]),
)
def test_a_second_calculation_of_the_month_agrees(at, zone):
    place = ZoneInfo(zone)
    last = count_a_month(at.astimezone(place).date())
    end = datetime.combine(last + DAY, datetime.min.time(), place).astimezone(UTC)
    law = LAW.find_profile("DE").on(at.date())
    due = due_at(at, zone=zone, law=law)
    assert due == min(end, at + 30 * DAY)
    assert timedelta(days=59) <= longest_extension(at, zone=zone, law=law) <= timedelta(days=60)


def test_a_new_period_counts_for_later_requests_only(cast, indus, tmp_path):
    stricter = law_of_pakistan(
        tmp_path / "law",
        period("2017-05-30", marketing='text_en = "As before"\ntext_ur = "پہلے کی طرح"'),
        period(f"{(AT + DAY).date()}", answer="days = 15", pause="allowed = false"),
    )
    before = received(cast, "access")
    with stricter:
        after = received(cast, "access", at=AT + 2 * DAY)
        pause_request(before, cause="identity", actor=cast.actor("farah"), at=AT + 2 * DAY)
        with pytest.raises(Refused, match="The law has no pause: Act of a test"):
            pause_request(after, cause="identity", actor=cast.actor("farah"), at=AT + 2 * DAY)
        with naming("days"):
            extend_request(after, days=1, text="Much to read.", actor=cast.actor("farah"), at=AT + 3 * DAY)
    before.refresh_from_db()
    assert before.due_at == before.received_at + 30 * DAY
    assert after.due_at.astimezone(ZoneInfo(indus.time_zone)).date() == (AT + 18 * DAY).date()
