"""Differences between two texts: nothing lost, nothing invented, and readable."""

from hypothesis import given
from hypothesis import strategies as st

from consent.notices.effects import Piece, differences
from consent.register.notice_html import render_notice

TEXTS = st.lists(
    st.lists(
        st.sampled_from(["we", "keep", "your", "name", "never", "sell", "it.", "آپ", "نام"]), min_size=1, max_size=8
    ).map(" ".join),
    max_size=6,
).map("\n\n".join)


def words(blocks, kind):
    return [
        word
        for block in blocks
        for piece in block.pieces
        if piece.kind in {"same", kind}
        for word in piece.text.split()
    ]


@given(TEXTS, TEXTS)
def test_each_text_can_be_read_out_of_the_differences(before, after):
    found = differences(before, after)
    assert words(found, "removed") == before.split()
    assert words(found, "added") == after.split()


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text):
    assert all(block.is_same for block in differences(text, text))


def test_a_changed_sentence_is_shown_word_by_word():
    [heading, block] = differences("## How long\n\nWe keep it ten days.", "## How long\n\nWe keep it nine days.")
    assert (heading.shape, heading.is_same) == ("heading", True)
    assert block.pieces == (
        Piece("same", "We keep it "),
        Piece("removed", "ten"),
        Piece("added", "nine"),
        Piece("same", " days."),
    )


def test_a_new_item_comes_whole():
    found = differences("- one\n- two", "- one\n- three in all\n- two")
    assert [(block.shape, block.pieces[0].kind) for block in found] == [
        ("item", "same"),
        ("item", "added"),
        ("item", "same"),
    ]


def test_words_bring_no_markup_of_their_own():
    html = render_notice("# Title\n\n<script>x</script> [a](javascript:x) ![b](http://c) **so**\n\n- one")
    assert "<h2>Title</h2>" in html
    assert "<strong>so</strong>" in html
    assert "<li>" in html
    assert not {"<script", "<a ", "<img"} & {tag for tag in ("<script", "<a ", "<img") if tag in html}
