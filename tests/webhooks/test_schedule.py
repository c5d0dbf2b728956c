"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.directory.webhooks.schedule import (
    ATTEMPTS,
    WAITS,
    Outcome,
    back_off_after,
    classify_response,
    parse_retry_after,
    retry_wait,
)

AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_delivered(status):
    assert classify_response(status, "", AT).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("status", [100, 301, 302, 307, 400, 401, 404, 409, 500, 503])
def test_every_other_status_has_failed_including_redirects(status):
    assert classify_response(status, "", AT).outcome is Outcome.FAILED


def test_410_means_that_the_endpoint_no_longer_exists():
    assert classify_response(410, "60", AT).outcome is Outcome.GONE


@pytest.mark.parametrize("status", [429, 502, 504])
def test_429_502_and_504_throttle(status):
    assert classify_response(status, "", AT) == classify_response(status, "60", AT)
    assert classify_response(status, "120", AT).outcome is Outcome.THROTTLED
    assert classify_response(status, "120", AT).wish == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("0", 0),
        (" 90 ", 90),
        ("999999999999999999999", 0),
        ("604800", 86_400),
        ("Thu, 01 Oct 2026 09:01:00 GMT", 60),
        ("Thu, 01 Oct 2026 08:00:00 GMT", 0),
        ("Thu, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text, seconds):
    assert parse_retry_after(text, AT) == timedelta(seconds=seconds)


@given(st.text(max_size=40))
def test_any_retry_after_is_read_without_an_error(text):
    assert timedelta() <= parse_retry_after(text, AT) <= timedelta(days=1)


@given(attempts=st.integers(1, ATTEMPTS + 2), chance=st.floats(0, 1, exclude_max=True))
def test_the_waits_are_those_of_the_schedule_randomised_and_limited(attempts, chance):
    wait = retry_wait(attempts, chance=chance)
    if attempts >= ATTEMPTS:
        assert wait is None
    else:
        assert wait is not None
        assert 0.8 * WAITS[attempts - 1] <= wait <= 1.2 * WAITS[attempts - 1]


def test_ten_attempts_take_three_days():
    assert ATTEMPTS == 10
    assert timedelta(days=3) <= sum(WAITS, timedelta()) <= timedelta(days=4)


@given(failures=st.integers(1, 500), chance=st.floats(0, 1, exclude_max=True))
def test_the_back_off_is_minutes_at_most_unless_retry_after_is_longer(failures, chance):
    assert timedelta(seconds=4) <= back_off_after(failures, wish=timedelta(), chance=chance) <= timedelta(minutes=6)
    assert back_off_after(failures, wish=timedelta(hours=1), chance=chance) == timedelta(hours=1)
