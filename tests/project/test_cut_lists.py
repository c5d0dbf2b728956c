"""A list of which a page shows the first rows only says so: it goes through ``take_first`` or ``take_latest``.

``tools/cut_lists.py`` finds pages that do not show the note, among all that tests open.
"""

import ast

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path
from django.utils import translation

from paktaleem.foundation.first_rows import take_first, take_latest
from tests.project.test_house import MODULES, ROOT, parsed
from tools.cut_lists import CutLists

# Modules in which something is cut that is no list a person reads, or of which the page says so in words of its own.
ALLOWED = {
    "children/ageing/services.py": "people and rows of one step of a job",
    "consent/consents/admin/consents.py": "names of fields",
    "consent/consents/admin/person_page.py": "the length of a code",
    "consent/decisions/selectors/changes.py": "a page of the API",
    "consent/decisions/selectors/log.py": "a page of the API",
    "consent/notices/admin.py": "the two texts that are compared, of four",
    "consent/paper/admin.py": "rows to count, up to the limit that the number shows",
    "consent/paper/selectors.py": "the refusal says how many more ids there are",
    "consent/receipts/views.py": "groups of a code",
    "consent/register/admin/purposes.py": "names of fields; the beginning of a text, with …",
    "paktaleem/directory/staff/administration/admin/entries.py": "latest acts, above a link to all of them",
    "paktaleem/directory/access_links/services.py": "the people of one contact, up to the limit of emails",
    "paktaleem/directory/security/security_events/services.py": "entries of one step of a job, a page of the feed, "
    "and rows to count, up to the limit that the number shows",
    "rights/requests/admin/requests.py": "names of columns",
    "rights/packages/selectors.py": "the name of a file",
    "paktaleem/directory/data_systems/selectors.py": "rows to count, up to the limit that the number shows",
    "paktaleem/directory/mail/selectors.py": "rows to count, up to the limit that the number shows",
    "paktaleem/directory/people/selectors.py": "a page of the API",
    "paktaleem/directory/schools/admin.py": "people, up to the number from which rows are searched",
    "paktaleem/directory/schools/selectors.py": "names, with the number of the others",
    "paktaleem/directory/webhooks/selectors.py": "messages that the worker reads at once",
    "paktaleem/foundation/console/exporting.py": "rows to read at once or to count; the longest text of a cell",
    "paktaleem/foundation/console/paging.py": "a page of a list with links to the others",
    "paktaleem/foundation/console/filters.py": "a part of a list, of which the page says how many rows match",
    "paktaleem/foundation/console/row_actions.py": "buttons; the other acts are in the menu beside them",
    "paktaleem/foundation/upkeep/periods/services.py": "rows to count, up to the limit that the number shows",
    "paktaleem/office/reports/admin.py": "the beginning of a digest, with …",
    "retention/inventories/selectors.py": "the latest inventories of a system, as the heading says",
    "retention/schedule/admin.py": "names, with …",
    "retention/schedule/selectors.py": "the caller says how many it reads and shows",
    "rights/erasures/admin.py": "names of columns",
    "rights/mailbox/admin.py": "two lists, of which the page shows the first rows together",
}
FOR_PEOPLE = ("admin", "dashboard", "own_pages", "selectors", "views")
SERVICES_THAT_LIST = {
    "children/ageing/services.py",
    "consent/receipts/services.py",
    "paktaleem/directory/access_links/services.py",
    "paktaleem/directory/security/security_events/services.py",
    "paktaleem/directory/staff/single_sign_on/services.py",
    "paktaleem/foundation/upkeep/periods/services.py",
    "retention/records/services.py",
}
"""Modules of services with the selectors of their subject."""


def find_cuts(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            if upper is not None and not (isinstance(upper, ast.Constant) and upper.value == 1):
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "islice":
            yield node.lineno


def is_for_people(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    if path.relative_to(ROOT).as_posix() in SERVICES_THAT_LIST:
        return True
    return bool({*parts} & {*FOR_PEOPLE}) or parts[:3] == ("paktaleem", "foundation", "console")


def test_lists_that_people_read_are_cut_by_the_functions_that_say_so():
    read = [path for path in MODULES if is_for_people(path)]
    assert len(read) > 150
    found = {path.relative_to(ROOT).as_posix() for path in read if any(find_cuts(parsed(path)))}
    advice = "Cut the list by take_first or take_latest, and show its note; or say above why no list is cut there."
    assert found - ALLOWED.keys() == set(), advice
    assert ALLOWED.keys() - found == set(), "Nothing is cut there any more."


@pytest.mark.parametrize("cut", ["rows[:20]", "rows[:_MOST]", "rows[2:MOST + 1]", "list(islice(rows, 20))"])
def test_each_way_of_cutting_a_list_is_found(cut):
    assert list(find_cuts(ast.parse(f"lines = {cut}"))) == [1]
    assert list(find_cuts(ast.parse("first = rows[:1]; rest = rows[1:]; one = rows[3]"))) == []


def test_the_note_says_how_many_are_shown_in_the_language_of_the_reader():
    assert (take_first("abc", 3), take_first("abc", 3).note) == (["a", "b", "c"], "")
    assert (take_first("abcd", 3), take_first("abcd", 3).note) == (["a", "b", "c"], "Only the first 3 are shown.")
    assert take_latest(iter("abcd"), 2).map(str.upper) == ["A", "B"]
    assert take_latest("abcd", 2).map(str.upper).note == "Only the latest 2 are shown."
    with translation.override("ur"):
        assert "2" in (note := take_latest("abcd", 2).note)
        assert "Only" not in note


def test_a_list_whose_note_no_one_reads_is_found():
    with CutLists() as lists:
        silent, said, empty = take_first("abc", 2), take_first("abc", 2).map(str.upper), take_first("", 2)
        assert (said.map(str.lower).note, empty) == ("Only the first 2 are shown.", [])
    assert [place.partition(":")[0] for place in lists.list_silent()] == [__name__]
    assert silent.note == "Only the first 2 are shown."


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["", "Only the first 2 are shown."])
def test_a_page_that_leaves_the_note_out_is_found(words):
    @login_not_required
    def show(_request):
        shown = take_first("abc", 2)
        return HttpResponse(shown.note if words else "ab")

    patterns = get_resolver().url_patterns
    page = path("cut/", show, name="cut")
    patterns.append(page)
    try:
        if words:
            assert Client().get("/cut/").content.decode() == words
        else:
            with pytest.raises(AssertionError, match="does not show the note"):
                Client().get("/cut/")
    finally:
        patterns.remove(page)
