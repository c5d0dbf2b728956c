"""Rules about every page of the console, over what each reader saw (tests/project/crawl.py).

*Save* is directly under the fields of a row, and what one may only read has no help to enter it.
"""

import re

import pytest

from tests.console.codes import codes_in
from tests.console.pages import MODELS, refused_by_policy, row_url
from tests.console.urdu import IS_URDU, english_words
from tests.project.offenders import refuse_any
from tests.project.test_permission_matrix import STAFF, list_statuses
from tests.signing_in import browser_of

IN_URDU = ["amina", "farah"]
"""Readers of the Urdu console; the others read English."""
IN_ANOTHER_LANGUAGE = re.compile(r"/consentevent/[^/]+/receipt/$")
"""Documents in the language of the person they are about, not in that of the console."""
SAVE = 'name="_save"'
PANEL = '<section class="panel"'
ROW = r'<div class="form-row'
READ_ONLY = re.compile(rf'{ROW}(?:(?!{ROW}).)*?class="readonly".*?(?={ROW}|</fieldset>)', re.DOTALL)
HELP = re.compile(r'class="help"[^>]*>\s*<div>(.*?)</div>', re.DOTALL)
ENTERING = re.compile(
    r"Do not name people|Leave (all )?empty|such as|ISO 8601|ISO 3166|Codes of|Only if|As browsers show"
)
"""Words of help that is of use only to those who enter a value."""


_SANDBOX = tuple(f"accounts/client/{act}" for act in ("force-state", "make-order", "move-clock", "start-over"))
OF_ANOTHER_PERSON = {
    "amina": (
        "erasures/erasureproposal/approve",
        "accounts/staffchange/approve",
        "people/readmission/approve",
        "data_systems/order/agree",
        "data_map/mapline/confirm",
        "disposals/batch/approve",
        "requests/rightsrequest/refuse-correction",
        "requests/rightsrequest/verify",
        "consent/objection/agree",
        *_SANDBOX,
    ),
    "farah": ("accounts/proposedchange/approve", "schedule/hold/lift", "people/personmerge/approve", *_SANDBOX),
}
"""Acts that do not apply: the reader proposed, the other side decides, nothing waits, or it is no sandbox."""


def read_pages(crawl, name):
    opened = crawl(name, "ur" if name in IN_URDU else "en")
    return {url: page for url, page in opened.items() if page.html}


@pytest.mark.parametrize("name", STAFF)
def test_each_role_opens_its_pages(rows, crawl, name):
    opened = crawl(name, "ur" if name in IN_URDU else "en")
    wanted = dict(list_statuses(rows, STAFF[name]))
    for act in OF_ANOTHER_PERSON.get(name, ()):
        model, _, slug = act.rpartition("/")
        wanted[row_url(model, rows.get(act, rows[model]), slug)] = 302
    assert {url: opened[url].status for url in wanted} == wanted


@pytest.mark.parametrize("name", ["amina", "farah", "bilal"])
def test_no_page_has_an_inline_style_script_or_handler(crawl, name):
    pages = read_pages(crawl, name)
    assert len(pages) > 250
    refuse_any((url, refused_by_policy(page.html) or page.policy.count("unsafe")) for url, page in pages.items())


@pytest.mark.parametrize("name", IN_URDU)
def test_no_page_says_anything_in_english_or_shows_a_code(crawl, name):
    pages = read_pages(crawl, name)
    own = {url: page.html for url, page in pages.items() if not IN_ANOTHER_LANGUAGE.search(url)}
    assert len(own) > 350
    refuse_any((url, "" if IS_URDU in html else "not marked as Urdu") for url, html in own.items())
    refuse_any((url, [*english_words(html), *codes_in(html)]) for url, html in own.items())


@pytest.mark.parametrize("name", ["amina", "bilal"])
def test_save_is_above_the_panels_and_what_is_read_has_no_help_to_enter_it(rows, crawl, name):
    opened = crawl(name, part="/change/")
    pages = {model: opened[row_url(model, rows[model])].html for model in MODELS}
    saved = {model: text for model, text in pages.items() if SAVE in text and PANEL in text}
    assert [model for model, text in saved.items() if text.index(SAVE) > text.index(PANEL)] == []
    read = [(model, field) for model, text in pages.items() for field in READ_ONLY.findall(text)]
    helps = [(model, words) for model, field in read for words in HELP.findall(field)]
    assert [one for one in helps if ENTERING.search(one[1])] == []
    assert len(saved) >= (4 if name == "amina" else 0)
    assert len(read) > 500
    assert ("consent/consentevent", "Hash of the text that was shown.") in helps


def test_what_is_english_would_be_found(cast):
    words = english_words(browser_of(cast.user("farah")).get("/admin/people/subject/").content.decode())
    assert "Sign out" in words
    assert any(one.startswith("Everyone whose data") for one in words)
