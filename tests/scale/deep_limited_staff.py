"""For staff limited to a school, every list and page reads what this school needs, however many people the client has.

``make test-scale`` opens every page that such an administrator may open, at a client of 50,000 people in 20 schools,
and filters the large lists. A count reads everyone of the school, so what a query may read is a multiple of them.
"""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.test import Client

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import admin_of, list_url, row_url
from tests.database import cast_values, copied_database
from tests.project.crawl import addresses
from tests.project.rows import rows_of_indus
from tests.scale.filling import SCHOOLS_OF_INDUS, fill, school_of_indus
from tests.scale.pages import OK, PART, READER, faults, narrowed, say
from tests.scale.plans import Bounds
from tests.scale.test_lists import BIG, searches_of
from tests.school_limits.limiting import make_head
from tests.signing_in import browser_of

PEOPLE = 50_000
"""People of Indus. With fewer, the tables of schools and clients are as large as a school: the bounds say nothing."""
CLIENTS = 60
DATABASE = "portal_limited_scale"


def bounds_of_school(people: int) -> Bounds:
    """Return what a query may read for a school of so many people: a client of twenty such schools has too many."""
    return Bounds(4 * people, 2 * people, 12 * people, counts_entries=False, for_each_count=True)


@pytest.fixture
def endpoint(django_db_setup: None, django_db_blocker: Any) -> Iterator[Endpoint]:
    with django_db_blocker.unblock(), copied_database(DATABASE) as found:
        yield found


def put_cast_into_school(url: str, cast: Cast) -> None:
    """Put the people of the cast into the first school, so that their pages open."""
    with psycopg.connect(url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE people_subject SET school_ids = ARRAY[%s] WHERE client_id = %s AND school_ids = '{}'",
            [school_of_indus(0), cast.client_id("indus")],
        )


def count_people(cast: Cast, *schools: int) -> int:
    limit = frozenset(school_of_indus(number) for number in schools) or None
    with in_client(cast.client_id("indus"), schools=limit):
        return Subject.objects.count()


def pages_of(browser: Client, cast: Cast, rows: dict[str, Any]) -> list[str]:
    """List every page that opens, with the filters of the large lists and the page of their newest row."""
    found = [url for url in dict.fromkeys(addresses(cast, rows)) if PART in url and browser.get(url).status_code == OK]
    for model in BIG:
        if list_url(model) in found:
            found += narrowed(browser, list_url(model))
            [*newest] = browser.get(list_url(model)).context["cl"].result_list[:1]
            found += [row_url(model, row.pk) for row in newest]
    found += [f"{list_url('people/subject')}?q={text}" for text in ("stu-12345", "stu-1", "s", "nobody")]
    return [url for url in dict.fromkeys(found) if PART in url]


@pytest.mark.skipif(READER not in {"", "nadia"}, reason="another reader's pages are judged")
def test_what_is_read_for_staff_of_a_school_grows_with_the_school_and_not_with_the_client(endpoint: Endpoint) -> None:
    cast = Cast(cast_values())
    rows = rows_of_indus(cast)
    url, began = endpoint.url(SUPERUSER, DATABASE), time.perf_counter()
    fill(url, people=PEOPLE * 10 // 3, clients=CLIENTS, indus=cast.client_id("indus"), pattern=cast.client_id("khyber"))
    put_cast_into_school(url, cast)
    say(f"filled in {time.perf_counter() - began:.0f} s")
    everyone, own = count_people(cast), count_people(cast, 0)
    assert everyone >= PEOPLE
    assert 0 < own < 1.2 * everyone / SCHOOLS_OF_INDUS
    known: dict[str, Any] = {
        "big": {admin_of(model).model._meta.db_table for model in BIG},
        "known": set(),
        "bounds": bounds_of_school(own),
    }
    browser = browser_of(make_head(cast, school_of_indus(0)))
    pages = pages_of(browser, cast, rows)
    slow = [fault for page in pages for fault in faults(browser, page, **known)]
    slow += [fault for page, sent in searches_of(cast) for fault in faults(browser, page, sent=sent, **known)]
    say(f"staff of a school: {len(pages)} pages, {len(slow)} faults; {own} of {everyone} people")
    assert not slow, "\n\n".join(slow)
    without_an_index(url, browser, known)


def without_an_index(url: str, browser: Client, known: dict[str, Any]) -> None:
    """Negative control: without the index of schools, the list of people is found to read everyone of the client."""
    with psycopg.connect(url) as superuser:
        superuser.execute("DROP INDEX subject_by_school")
    assert faults(browser, list_url("people/subject"), **{**known, "known": set()})
