"""One row that fails does not stop the others."""

import pytest

from paktaleem.foundation.jobs.each import do_each


def test_the_others_are_done_in_order_and_the_error_is_raised_at_the_end() -> None:
    done: list[int] = []

    def act(number: int) -> None:
        done.append(number)
        if number in {1, 3}:
            raise ValueError(number)

    with pytest.raises(ExceptionGroup) as raised:
        do_each([1, 2, 3, 4], act)
    assert done == [1, 2, 3, 4]
    assert [error.args for error in raised.value.exceptions] == [(1,), (3,)]


def test_without_a_failure_no_error_is_raised() -> None:
    done: list[int] = []
    do_each([1, 2], done.append)
    assert done == [1, 2]
