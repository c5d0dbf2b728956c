"""A sandbox, made once for each process in a database of its own; what a test does with it is rolled back."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.api.callers import Caller
from tests.cast import Cast
from tests.database import cast_values, prepared_database, worker_name
from tests.sandbox.making import Sandbox


@pytest.fixture
def sandbox(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Sandbox]:
    name = f"portal_{worker_name()}_sandbox"
    with django_db_blocker.unblock(), prepared_database(name, Sandbox) as made:
        made.caller = Caller(made.secret)
        yield made


@pytest.fixture
def cast(sandbox: Sandbox) -> Cast:
    return Cast(cast_values())
