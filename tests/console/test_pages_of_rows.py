"""The page of a row: *Save* is directly under the fields, and what one may only read has no help to enter it."""

import re
from typing import Any

import pytest

from tests.cast import Cast
from tests.console.pages import MODELS, row_url
from tests.signing_in import browser_of

SAVE = 'name="_save"'
PANEL = '<section class="panel"'
ROW = r'<div class="form-row'
READ_ONLY = re.compile(rf'{ROW}(?:(?!{ROW}).)*?class="readonly".*?(?={ROW}|</fieldset>)', re.DOTALL)
HELP = re.compile(r'class="help"[^>]*>\s*<div>(.*?)</div>', re.DOTALL)
ENTERING = re.compile(
    r"Do not name people|Leave (all )?empty|such as|ISO 8601|ISO 3166|Codes of|Only if|As browsers show"
)
"""Words of help that is of use only to those who enter a value."""


def read_pages(cast: Cast, rows: dict[str, Any], name: str) -> dict[str, str]:
    """Return the page of a row of each model that a reader may open."""
    browser = browser_of(cast.user(name))
    found = {model: browser.get(row_url(model, rows[model])) for model in MODELS}
    return {model: answer.content.decode() for model, answer in found.items() if answer.status_code == 200}


@pytest.mark.parametrize("name", ["amina", "bilal"])
def test_save_is_above_the_panels_and_what_is_read_has_no_help_to_enter_it(
    cast_of_rows: Cast, rows: dict[str, Any], name: str
) -> None:
    pages = read_pages(cast_of_rows, rows, name)
    saved = {model: text for model, text in pages.items() if SAVE in text and PANEL in text}
    assert [model for model, text in saved.items() if text.index(SAVE) > text.index(PANEL)] == []
    read = [(model, field) for model, text in pages.items() for field in READ_ONLY.findall(text)]
    helps = [(model, words) for model, field in read for words in HELP.findall(field)]
    assert [one for one in helps if ENTERING.search(one[1])] == []
    assert len(saved) >= (4 if name == "amina" else 0)
    assert len(read) > 500
    assert ("consent/consentevent", "Hash of the text that was shown.") in helps
