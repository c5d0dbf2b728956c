"""The lint finds the words that the project does not use, in texts and nowhere else."""

import pytest

from tools.plain_words import hits, main, opening, read_document, read_python, read_template

REPORTED = [
    "Behind the wall nothing is seen.",
    "The room above is asked.",
    "A house test finds others.",
    "They get a letter.",
    "Whoever is told may look.",
    "A refusal stands.",
    "Their key is gone.",
    "It is read at that very moment.",
    "It leaves by one door.",
    "They are measured by turns.",
    "Bring the person and the purpose along.",
    "Nobody may.",
    "The child comes of age.",
]
USED = [
    "A pending request waits for the person.",
    "At the moment there are none.",
    "Two letters (ISO 3166), such as PK.",
    "Standard Webhooks stand for ids only, in the classroom.",
    "``child.told`` and `doors/link.html` are code.",
    "See https://example.org/letter/door for more.",
]


@pytest.mark.parametrize("text", REPORTED)
def test_a_word_of_ours_is_reported(text):
    assert list(hits(text))


@pytest.mark.parametrize("text", USED)
def test_other_words_and_code_are_not(text):
    assert list(hits(text)) == []


@pytest.mark.parametrize("text", ["Say whether it is.", "What is late.", "Bring it all along.", "Lead to it."])
def test_a_docstring_begins_with_what_it_does(text):
    assert opening(text)
    assert [line for line, *_ in read_python(f'def one():\n    """{text}"""\n', strings=False)][:1] == [2]


def test_comments_and_prose_are_read_but_not_data_and_names():
    source = 'door = "told"  # whoever is told\nSAID = "They are told."\nSQL = "SELECT told FROM letter door"\n'
    assert [(line, word) for line, word, _ in read_python(source, strings=True)] == [
        (1, "told"),
        (1, "whoever"),
        (2, "told"),
    ]


def test_a_name_of_a_test_is_read_as_a_sentence():
    source = "def test_nobody_is_asked():\n    nobody = 1\n\n\ndef nobody():\n    return nobody\n"
    assert [(line, word) for line, word, _ in read_python(source, strings=False)] == [(1, "nobody")]


def test_templates_and_documents_are_read_without_their_code():
    page = '<p class="door">{% if told %}{{ letter }}{% translate "You are told." %}</p>\n{% endif %}'
    assert [(line, word) for line, word, _ in read_template(page)] == [(1, "told")]
    assert [line for line, *_ in read_document("A door.\n\n    a door in code\n\n```\ndoor\n```\n`door`\n")] == [1]


def test_a_hit_is_printed_with_its_place_and_what_to_write(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("Plain.\nA letter is told.\n")
    assert main([str(page)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{page}:2: instead of “letter”, write “email”, “text message” or “message”; a letter is printed",
        f"{page}:2: instead of “told”, write “reported”, “notified”, “published” or “sent”",
    ]
    page.write_text("Plain.\n")
    assert main([str(page)]) == 0
