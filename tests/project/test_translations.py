"""Every message of the catalogue is translated into Urdu, and the compiled catalogue is up to date."""

import re
import string

import pytest
from babel.messages.catalog import Message

from tests.project.offenders import refuse_any
from tools.messages import PO, SCRIPTS_PO, compiled, found_messages, found_script_messages, kept_messages

PORTAL, SCRIPTS = ([message for message in kept_messages(path) if message.id] for path in (PO, SCRIPTS_PO))
KEPT = [*PORTAL, *SCRIPTS]


def texts(message):
    own = message.id if isinstance(message.id, tuple) else (message.id,)
    there = message.string if isinstance(message.string, tuple) else (message.string,)
    return own, there


def placeholders(text):
    named = {name for _, name, _, _ in string.Formatter().parse(text.replace("%", "")) if name}
    return named | set(re.findall(r"%(?:\(\w+\))?[sd]", text))


def test_the_catalogue_is_what_code_and_templates_say():
    for catalog, kept in ((found_messages(), PORTAL), (found_script_messages(), SCRIPTS)):
        found = {(message.id, message.context) for message in catalog if message.id}
        assert found == {(message.id, message.context) for message in kept}, "run make messages"


def test_every_message_is_translated_and_none_is_a_guess():
    assert [message.id for message in KEPT if message.fuzzy or not all(texts(message)[1])] == []


def wrongly_put_in(message):
    own, there = texts(message)
    return [text for text in there if placeholders(text) != placeholders(own[-1])]


def test_a_translation_puts_in_what_its_message_does():
    refuse_any((f"{message.id!r}", wrongly_put_in(message)) for message in KEPT)


@pytest.mark.parametrize("there", ["%(names)s", "%s", "{name}", ""])
def test_a_translation_that_puts_in_something_else_is_seen(there):
    assert wrongly_put_in(Message("%(name)s", there)) == [there]


def test_an_article_of_the_law_keeps_its_order_in_urdu():
    outside = [re.sub("\u2066[^\u2069]*\u2069", "", text) for message in KEPT for text in texts(message)[1]]
    assert [text for text in outside if re.search(r"\d\(\w+\)", text)] == []


def test_what_is_compiled_is_what_is_written():
    for path in (PO, SCRIPTS_PO):
        assert compiled(kept_messages(path)) == path.with_suffix(".mo").read_bytes(), f"{path.name}: run make messages"
