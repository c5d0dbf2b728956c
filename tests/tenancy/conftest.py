"""Plain connections, always rolled back."""

import pytest

from paktaleem.foundation.embedded.layout import APP, OWNER, SUPERUSER
from tests.cast import Cast
from tests.database import cast_values
from tests.tenancy.connections import enter


@pytest.fixture
def people(django_db_setup):
    return Cast(cast_values())


def _door(role):
    door = enter(role)
    try:
        yield door
    finally:
        door.rollback()
        door.close()


@pytest.fixture
def app(people):
    yield from _door(APP)


@pytest.fixture
def owner(people):
    yield from _door(OWNER)


@pytest.fixture
def bootstrap(people):
    yield from _door(SUPERUSER)
