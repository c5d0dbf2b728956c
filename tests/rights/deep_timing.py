"""The time of the public form's answer does not show whether the contact is known (security, row 33).

Run by ``make test-deep`` only: 2,000 requests take minutes, and a small sample says nothing.
"""

import time
from collections import defaultdict
from itertools import pairwise
from random import Random

from django.core.cache import cache

from tests.access_links.visiting import token_of, visitor

SAMPLES, WARM_UP = 2_000, 50
WORST = 0.55
KNOWN, UNKNOWN = "hamza.lodhi@students.example", "hamza.lodha@students.example"


def measure(contact):
    """Return the seconds that the form takes for a contact; its counters are cleared before."""
    cache.clear()
    browser = visitor(REMOTE_ADDR="203.0.113.1")
    token = token_of(browser.get("/requests/indus/"))
    values = {"csrfmiddlewaretoken": token, "kinds": ["access"], "contact": contact, "details": "All of it"}
    begins = time.perf_counter()
    answer = browser.post("/requests/indus/", values)
    taken = time.perf_counter() - begins
    assert answer.status_code == 200
    return taken


def area_under_curve(first, second):
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    assert all(one <= other for one, other in pairwise(ranked))
    ranks = sum(rank for rank, (_, of_second) in enumerate(ranked, 1) if of_second)
    pairs = len(first) * len(second)
    return (ranks - len(second) * (len(second) + 1) / 2) / pairs


def test_the_area_under_the_curve_of_a_known_difference():
    assert area_under_curve([1, 2, 3], [4, 5, 6]) == 1
    assert area_under_curve([1, 4], [2, 3]) == 0.5


def test_two_thousand_samples_show_no_difference_between_known_and_unknown(cast):
    contacts = [KNOWN, UNKNOWN] * (SAMPLES // 2)
    Random(33).shuffle(contacts)  # noqa: S311 -- chance, repeatable
    for contact in contacts[:WARM_UP]:
        measure(contact)
    taken = defaultdict(list)
    for contact in contacts:
        taken[contact].append(measure(contact))
    found = area_under_curve(taken[UNKNOWN], taken[KNOWN])
    assert max(found, 1 - found) <= WORST, found
