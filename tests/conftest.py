"""Fixtures of all tests: PostgreSQL with the app role, and the cast."""

import gc
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from tests.api.callers import Caller
from tests.browsing import started_chromium
from tests.cast import Cast
from tests.database import (
    begin_run,
    cast_values,
    copied_database,
    end_run,
    ensure_template,
    prepared_database,
    restored_database,
    worker_folder,
    worker_name,
)
from tests.demo.running import Demonstration, running_demonstration
from tests.signing_in import SignIn, browser_of
from tests.slow import is_left_out, mark_slow_tests
from tools.cut_lists import watch_pages
from tools.ordering import ordered

KEYRING = (
    '{"current": 1, "epochs": {"1": "dGVzdHMtd3JhcHBpbmcta2V5LW5vdC1zZWNyZXQtMDE="},'
    ' "index": "dGVzdHMtYmxpbmQtaW5kZXgtbm90LXNlY3JldC0tMDE="}'
)

MAKING = pytest.StashKey[Thread]()
"""The thread of the first process that makes the template of the database."""


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run in the first process only; give every process the keyring of the tests."""
    hypothesis_settings.register_profile("portal", deadline=None)  # no time limits: a busy machine must not fail a test
    hypothesis_settings.load_profile("portal")
    settings.KEYRING = KEYRING
    settings.SECRET_KEY = "only for tests, and long enough for a check of the settings"
    settings.PUBLIC_URL = "https://testserver"
    settings.PASSWORD_HASHERS = ["tests.keeping.QuickArgon2"]
    settings.ASIDE_DATABASE = "default"  # rolled back with the test, except with ``committed``
    settings.READINESS_SECONDS = 1_000_000.0  # checked once per run: tests count their statements
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if not hasattr(config, "workerinput"):
        begin_run()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the template of the database while other processes collect the tests."""
    if session.config.getoption("numprocesses", None):
        thread = Thread(target=_make_template, args=(session.config.stash[blocking_manager_key],))
        session.config.stash[MAKING] = thread
        thread.start()


def _make_template(blocker: DjangoDbBlocker) -> None:
    with blocker.unblock():
        ensure_template()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        if thread := config.stash.get(MAKING, None):
            thread.join()
        end_run()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect all tests without a search for garbage, and leave what then exists out of the searches during tests.

    Modules and tests stay until the end, so looking at them again finds nothing.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Mark the slow tests before pytest selects by mark, and put those that are selected in order."""
    mark_slow_tests(items, config)
    chosen = yield
    items[:] = ordered(items)
    return chosen


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without a test of this run; None lets pytest decide."""
    return is_left_out(collection_path, config) or None


@pytest.fixture(scope="session", autouse=True)
def notes_of_cut_lists() -> Iterator[None]:
    """Fail a test whose page is silent about a list that it cuts (tools/cut_lists.py)."""
    with watch_pages():
        yield


@pytest.fixture(autouse=True)
def erasure_list() -> Iterator[Path]:
    path = worker_folder() / "erasures.jsonl"
    path.unlink(missing_ok=True)
    settings.ERASURE_LIST_FILE = str(path)
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give each worker its own copy of the template, in which every test is rolled back."""
    with django_db_blocker.unblock(), copied_database(f"portal_{worker_name()}"):
        yield


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """Provide a database for this test alone, in which transactions commit."""
    with django_db_blocker.unblock(), restored_database(f"portal_{worker_name()}_committed"):
        settings.ASIDE_DATABASE = "aside"
        yield Cast(cast_values())
        settings.ASIDE_DATABASE = "default"


@pytest.fixture(scope="session")
def shared_demonstration() -> Iterator[Demonstration]:
    """A served demonstration with its worker, one for all tests of a process that leave its people as they are."""
    with running_demonstration() as demonstration:
        yield demonstration


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast(cast_values())


@pytest.fixture
def rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker, erasure_list: Path) -> Iterator[dict[str, Any]]:
    """The key of a row of Indus for every model of the console (tests/project/rows.py).

    They are made once for each process, in a database of their own; changes by a test are rolled back. A test has
    these or the fixture ``cast``; ``cast_of_rows`` is the cast of that database.
    """
    from tests.project.rows import rows_of_indus  # noqa: PLC0415 -- models need the settings of this run

    def make() -> tuple[dict[str, Any], bytes]:
        return rows_of_indus(Cast(cast_values())), erasure_list.read_bytes()

    with django_db_blocker.unblock(), prepared_database(f"portal_{worker_name()}_rows", make) as (made, erased):
        erasure_list.write_bytes(erased)
        yield made


@pytest.fixture
def cast_of_rows(rows: dict[str, Any]) -> Cast:
    return Cast(cast_values())


@pytest.fixture
def crawl(rows: dict[str, Any], cast_of_rows: Cast) -> Any:
    """Return a function that returns the pages that a member of staff opens (tests/project/crawl.py)."""
    from tests.project.crawl import open_pages  # noqa: PLC0415 -- models need the settings of this run

    return partial(open_pages, cast_of_rows, rows)


@pytest.fixture
def indus(cast: Cast) -> Iterator[Any]:
    """Indus Schools, the client of most tests, in its context."""
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- models need the settings of this run

    with in_client(cast.client_id("indus")):
        yield cast.client("indus")


@pytest.fixture
def khyber(cast: Cast) -> Iterator[Any]:
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above

    with in_client(cast.client_id("khyber")):
        yield cast.client("khyber")


@pytest.fixture
def paktaleem(cast: Cast) -> Iterator[Any]:
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above

    with in_client(cast.client_id("paktaleem")):
        yield cast.client("paktaleem")


@pytest.fixture
def indus_id(cast: Cast) -> UUID:
    return cast.client_id("indus")


@pytest.fixture
def indus_lms(cast: Cast) -> Caller:
    return Caller(cast.key("indus"))


@pytest.fixture
def khyber_lms(cast: Cast) -> Caller:
    return Caller(cast.key("khyber"))


@pytest.fixture
def danish(cast: Cast, indus: Any) -> Any:
    return cast.subject("danish")


@pytest.fixture
def esra(cast: Cast, indus: Any) -> Any:
    return cast.subject("esra")


@pytest.fixture
def second() -> Any:
    """A privacy officer who agrees to what another proposed."""
    from tests.consent.making import officer  # noqa: PLC0415 -- models need the settings of this run

    return officer()


@pytest.fixture
def now() -> datetime:
    """Return a time after the registration of the cast; services take the time as an argument."""
    return datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock(time_machine: Any, request: pytest.FixtureRequest, now: datetime) -> Any:
    """Stop the clock at the time ``AT`` of the module, without one at ``now``."""
    time_machine.move_to(getattr(request.module, "AT", now), tick=False)
    return time_machine


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def sign_in(cast: Cast) -> SignIn:
    return lambda name: browser_of(cast.user(name))
