"""Notices: immutable versions in two languages, each with the hash of its text."""

import hashlib
import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, strategies as st

from consent.consents.models import Method
from consent.consents.services.recording import withdraw_consent
from consent.notices.effects import Piece, differences
from consent.notices.models import Notice, NoticeDraft, NoticeVersion
from consent.notices.selectors.notices import NoticeOutdated, NoticeUnknown
from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.publishing import save_draft
from consent.notices.views import render_notice
from consent.register.models.purposes import Purpose, RegisterVersion
from consent.register.services import request_safeguard_change, widen_purpose
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import UnstampedChange
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import refused_to
from tests.consent import making
from tests.consent.making import DAY, execute, insert_copy, refuses, shown_version


@pytest.fixture
def newsletter(indus):
    return Notice.objects.get(code="about_newsletter", client_id=indus.id)


def publish(cast, notice, at, *, actor="farah", **changed):
    texts = {"text_en": " New text. ", "text_ur": "نئی عبارت", **changed}
    return making.publish(notice, at, actor=cast.actor(actor), **texts)


def test_the_next_version_is_published(cast, newsletter, now):
    version = publish(cast, newsletter, now, effective_at=now + DAY, is_material=False)
    kept = NoticeVersion.objects.get(pk=version.pk)
    assert (kept.number, kept.text_en, kept.is_material) == (2, "New text.", False)
    assert (kept.effective_at, kept.announced_at) == (now + DAY, now)
    refused_to("bilal sana celia", lambda name: publish(cast, newsletter, now, actor=name))


@pytest.mark.parametrize("field", ["text_en", "text_ur", "child_text_en"])
def test_a_text_that_the_paper_forms_cannot_print_is_refused(cast, newsletter, now, field):
    children = {"child_text_en": "For you", "child_text_ur": "آپ کے لیے"}
    draft = NoticeDraft(notice=newsletter, client_id=newsletter.client_id, text_en="New", text_ur="نئی", **children)
    setattr(draft, field, "Read it 1\ufe0f\u20e3")
    with pytest.raises(ValidationError, match="1\ufe0f\u20e3") as refused:
        save_draft(draft, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert list(refused.value.message_dict) == [field]
    with pytest.raises(ValidationError, match="1\ufe0f\u20e3"):
        publish(cast, newsletter, now, **{**children, field: "Read it 1\ufe0f\u20e3"})


def test_every_version_has_the_hash_of_both_its_texts(cast, indus, newsletter, now):
    by_hand = '{"en":"New text.","ur":"نئی عبارت"}'.encode()
    assert publish(cast, newsletter, now).content_hash == hashlib.sha256(by_hand).hexdigest()
    versions = list(NoticeVersion.objects.all())
    assert {version.client_id for version in versions} == {indus.id, PAKTALEEM}
    for one in versions:
        text = json.dumps({"en": one.text_en, "ur": one.text_ur}, ensure_ascii=False, separators=(",", ":"))
        assert one.content_hash == hashlib.sha256(text.encode()).hexdigest()


def test_history_evidence_and_the_version_of_the_register_follow(cast, newsletter, now):
    before = RegisterVersion.objects.get(client=newsletter.client_id).version
    version = publish(cast, newsletter, now)
    [row] = version.history.all()
    assert (row.actor_id, row.history_change_reason) == (cast.user_id("farah"), "law_change")
    entry = Entry.objects.get(kind="notice.published", recorded_at=now)
    facts = {"notice": "about_newsletter", "number": 2, "material": True, "hash": version.content_hash}
    assert json.loads(entry.body)["facts"] == {**facts, "effective_at": now.isoformat()}
    assert RegisterVersion.objects.get(client=newsletter.client_id).version == before + 1


def test_the_current_notice_is_the_effective_one(cast, newsletter, now):
    first = get_current_notice("newsletter", client_id=newsletter.client_id, at=now)
    second = publish(cast, newsletter, now, effective_at=now + DAY)
    third = publish(cast, newsletter, now, effective_at=now + DAY)
    for at, expected in [(now, first), (now + DAY - timedelta(microseconds=1), first), (now + DAY, third)]:
        assert get_current_notice("newsletter", client_id=newsletter.client_id, at=at) == expected
    assert second.number == 2


def test_nothing_informs_about_an_unknown_purpose(indus, now):
    with pytest.raises(NoticeUnknown):
        get_current_notice("nothing", client_id=indus.id, at=now)


def test_versions_take_effect_in_their_order_and_none_is_backdated(cast, newsletter, now):
    with refuses("effective_at"):
        publish(cast, newsletter, now, effective_at=now - timedelta(microseconds=1))
    publish(cast, newsletter, now, effective_at=now + 2 * DAY)
    with refuses("effective_at"):
        publish(cast, newsletter, now, effective_at=now + DAY)


@pytest.mark.parametrize("field", ["text_en", "text_ur"])
def test_both_languages_are_needed(cast, newsletter, now, field):
    with refuses(field):
        publish(cast, newsletter, now, **{field: "  "})


def test_a_client_does_not_publish_paktaleems_notice(cast, indus, now):
    shared = Notice.objects.get(code="privacy_notice", client_id=PAKTALEEM)
    with pytest.raises(NotAllowed):
        publish(cast, shared, now)


def test_a_version_is_never_changed(cast, newsletter, now):
    version = publish(cast, newsletter, now)
    version.text_en = "Something else"
    with pytest.raises((ProgrammingError, UnstampedChange)), transaction.atomic():
        version.save()
    for change in ("UPDATE consent_noticeversion SET text_en = 'x'", "DELETE FROM consent_noticeversion"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            execute(change)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", "number"),
        ("effective_at", "announced_at - interval '1 second'"),
        ("notice_owner", "gen_random_uuid()"),
    ],
)
def test_the_database_refuses_the_broken_version(newsletter, column, value):
    taken = {"number": "number + 100", column: value}
    with pytest.raises(IntegrityError):
        insert_copy("consent_noticeversion", taken, "notice_id = %s", newsletter.pk)


TEXTS = st.lists(
    st.lists(
        st.sampled_from(["we", "keep", "your", "name", "never", "sell", "it.", "آپ", "نام"]), min_size=1, max_size=8
    ).map(" ".join),
    max_size=6,
).map("\n\n".join)


def words(blocks, kind):
    pieces = (piece for block in blocks for piece in block.pieces if piece.kind in {"same", kind})
    return [word for piece in pieces for word in piece.text.split()]


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
    pieces = [("same", "We keep it "), ("removed", "ten"), ("added", "nine"), ("same", " days.")]
    assert block.pieces == tuple(Piece(*piece) for piece in pieces)


def test_a_new_item_comes_whole():
    found = differences("- one\n- two", "- one\n- three in all\n- two")
    shown = [(block.shape, block.pieces[0].kind) for block in found]
    assert shown == [("item", "same"), ("item", "added"), ("item", "same")]


def test_words_bring_no_markup_of_their_own():
    html = render_notice("# Title\n\n<script>x</script> [a](javascript:x) ![b](http://c) **so**\n\n- one")
    assert "<h2>Title</h2>" in html
    assert "<strong>so</strong>" in html
    assert "<li>" in html
    assert not {"<script", "<a ", "<img"} & {tag for tag in ("<script", "<a ", "<img") if tag in html}


NEW_NAME = "Profiling for partners"


def purpose_of(client):
    return Purpose.objects.get(code="newsletter", client_id=client.pk)


def rename(cast, client, at):
    purpose = purpose_of(client)
    purpose.name_en, purpose.name_ur, purpose.dpv_term = NEW_NAME, "پروفائلنگ", "dpv:TargetedAdvertising"
    change = request_safeguard_change(purpose, ground="More.", actor=cast.actor("celia"), at=at)
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=at)


def announce(cast, client, at):
    notice = Notice.objects.get(client_id=client.pk, purposes__contains=["newsletter"])
    return making.publish(notice, at, actor=cast.actor("celia"), is_material=False)


def agree(cast, version, at, state="given", **how):
    proof = how or {"shown": shown_version(version, version.client_id, at)}
    return making.give(cast.subject("kiran"), at, state=state, actor=cast.actor("celia"), **proof)


@pytest.mark.parametrize("method", ["shown", "paper"])
def test_no_one_consents_to_a_purpose_under_a_notice_that_is_older_than_its_words(cast, khyber, now, method):
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now)
    agree(cast, version, now)
    rename(cast, khyber, now + DAY)
    at = now + 2 * DAY
    paper = {"method": Method.PAPER, "notice_version": version.pk, "evidence": "Box 3", "claimed_at": at}
    with pytest.raises(NoticeOutdated):
        agree(cast, version, at, **(paper if method == "paper" else {}))
    with pytest.raises(NoticeOutdated):
        get_current_notice("newsletter", client_id=khyber.pk, at=at)


def test_refusing_and_withdrawing_need_no_new_notice(cast, khyber, now):
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now)
    agree(cast, version, now)
    rename(cast, khyber, now + DAY)
    withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=now + 2 * DAY)
    assert agree(cast, version, now + 3 * DAY, "refused").state == "refused"


def test_a_version_that_is_announced_after_the_change_suffices(cast, khyber, now):
    agree(cast, get_current_notice("newsletter", client_id=khyber.pk, at=now), now)
    rename(cast, khyber, now + DAY)
    version = announce(cast, khyber, now + 2 * DAY)
    assert get_current_notice("newsletter", client_id=khyber.pk, at=now + 2 * DAY) == version
    assert agree(cast, version, now + 3 * DAY).state == "given"


def test_more_categories_change_no_words(cast, khyber, now):
    widen_purpose(purpose_of(khyber), categories=["device"], actor=cast.actor("celia"), reason=Reason.REVIEW, at=now)
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now + DAY)
    assert agree(cast, version, now + DAY).state == "given"


@pytest.mark.parametrize("person", ["celia", "amina"])
def test_the_first_page_says_that_the_notice_needs_a_new_version(cast, sign_in, person):
    at = timezone.now()
    browser, page = sign_in(person), reverse("admin:index")
    assert "Notices to renew" not in browser.get(page).text
    with in_client(cast.client_id("khyber")):
        version = get_current_notice("newsletter", client_id=cast.client_id("khyber"), at=at)
        agree(cast, version, at)
        rename(cast, cast.client("khyber"), at)
    listed = reverse("admin:consent_notice_changelist") + "?progress=to_renew"
    assert "Notices to renew" in browser.get(page).text
    assert [row.purposes for row in browser.get(listed).context["cl"].result_list] == [["newsletter"]]
    with in_client(cast.client_id("khyber")):
        announce(cast, cast.client("khyber"), timezone.now())
    assert "Notices to renew" not in browser.get(page).text


@pytest.mark.parametrize("page", ["overview", "timeline"])
def test_a_persons_page_names_a_withdrawn_consent_as_the_person_was_asked(cast, sign_in, page):
    at = timezone.now()
    with in_client(cast.client_id("khyber")):
        client = cast.client("khyber")
        version = get_current_notice("newsletter", client_id=client.pk, at=at - 2 * DAY)
        old_name = purpose_of(client).name_en
        agree(cast, version, at - 2 * DAY)
        rename(cast, client, at - DAY)
        withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=at - DAY / 2)
        person = cast.subject("kiran").pk
    url = reverse("admin:people_subject_change", args=[person])
    text = sign_in("celia").get(url, {"tab": page}).text
    table = text[text.index('id="panel-consents"' if page == "overview" else 'id="panel-events"') :]
    table = table[: table.index("</table>")]
    assert f">{old_name}<" in table
    assert re.search(f"Other words since .+: {NEW_NAME}", table)
