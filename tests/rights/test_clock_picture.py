"""The picture of a clock shows every date in its order, inside the drawing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rights.requests.clock_picture import WIDTH, MarkKind, draw_clock
from rights.requests.deadlines import Pause, RequestClock

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = st.integers(0, 400)


def test_a_new_request_has_receipt_today_and_the_due_date_at_the_end() -> None:
    picture = draw_clock(RequestClock(received_at=AT, zone="Asia/Karachi"), at=AT + 15 * DAY)
    places = {mark.kind: mark.x for mark in picture.marks}
    assert places == {MarkKind.RECEIVED: 8, MarkKind.DUE: 632, MarkKind.TODAY: 320}
    assert (picture.used.x, picture.used.width, picture.late, picture.pauses) == (8, 312, None, [])


def test_pauses_notice_extension_and_lateness_are_drawn() -> None:
    clock = RequestClock(
        received_at=AT,
        zone="Asia/Karachi",
        pauses=(Pause(AT + 3 * DAY, AT + 6 * DAY),),
        extension=10 * DAY,
        notice_at=AT + 20 * DAY,
    )
    picture = draw_clock(clock, at=AT + 50 * DAY)
    places = {mark.kind: mark.x for mark in picture.marks}
    assert places[MarkKind.NOTICE] < places[MarkKind.DUE] < places[MarkKind.EXPECTED] < places[MarkKind.TODAY] == 632
    assert [(bar.x, bar.width) for bar in picture.pauses] == [(45, 38)]
    assert picture.late is not None
    assert (picture.late.starts_at, picture.late.x) == (AT + 43 * DAY, places[MarkKind.EXPECTED])


@given(passed=DAYS, pause=st.tuples(DAYS, DAYS), extension=st.integers(0, 60), answered=st.none() | DAYS)
def test_every_mark_and_bar_is_inside_the_drawing(
    passed: int, pause: tuple[int, int], extension: int, answered: int | None
) -> None:
    starts, length = pause
    clock = RequestClock(
        received_at=AT,
        zone="Europe/Berlin",
        pauses=(Pause(AT + starts * DAY, AT + (starts + length) * DAY),),
        extension=extension * DAY,
        notice_at=AT + DAY if extension else None,
        answered_at=None if answered is None else AT + answered * DAY,
    )
    picture = draw_clock(clock, at=AT + passed * DAY)
    order = [mark.x for mark in sorted(picture.marks, key=lambda mark: mark.at)]
    assert order == sorted(order)
    bars = [picture.used, *picture.pauses, *([picture.late] if picture.late else [])]
    assert all(8 <= x <= WIDTH - 8 for x in [*order, *(bar.x for bar in bars)])
    assert all(one.width >= 1 and one.x + one.width <= WIDTH - 7 for one in bars)
