"""Plain connections, always rolled back."""

import pytest

from paktaleem.development.embedded import APP, OWNER, SUPERUSER
from tests.cast import Cast
from tests.database import cast_values
from tests.tenancy.doors import enter


@pytest.fixture
def people(django_db_setup) -> Cast:
    """The cast, for tests that go round Django."""
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
    """The app role without Django and its guard."""
    yield from _door(APP)


@pytest.fixture
def owner(people):
    """The role that migrates."""
    yield from _door(OWNER)


@pytest.fixture
def bootstrap(people):
    """The superuser; nothing it does is committed."""
    yield from _door(SUPERUSER)
