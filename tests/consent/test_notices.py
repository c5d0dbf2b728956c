# ruff: noqa: E501, S608 -- SQL and tables read better in one line; names of our own tables
"""Notices: immutable versions in two languages, each with the hash of its text."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from consent.notices.models import Notice, NoticeDraft, NoticeVersion
from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.public import get_current_notice
from consent.notices.services.publishing import publish_notice_version, save_draft
from consent.register.models.purposes import RegisterVersion
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import UnstampedChange
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM

DAY = timedelta(days=1)


@pytest.fixture
def newsletter(indus):
    return Notice.objects.get(code="about_newsletter", client_id=indus.id)


def publish(cast, notice, at, *, actor="farah", **changed):
    values = {"text_en": " New text. ", "text_ur": "نئی عبارت", "is_material": True, "effective_at": at, **changed}
    return publish_notice_version(notice, actor=cast.actor(actor), reason=Reason.LAW_CHANGE, at=at, **values)


def test_the_next_version_is_published(cast, newsletter, now):
    version = publish(cast, newsletter, now, effective_at=now + DAY, is_material=False)
    kept = NoticeVersion.objects.get(pk=version.pk)
    assert (kept.number, kept.text_en, kept.is_material, kept.effective_at, kept.announced_at) == (
        2,
        "New text.",
        False,
        now + DAY,
        now,
    )


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


def test_the_hash_is_that_of_both_texts(cast, newsletter, now):
    version = publish(cast, newsletter, now)
    by_hand = '{"en":"New text.","ur":"نئی عبارت"}'.encode()
    assert version.content_hash == hashlib.sha256(by_hand).hexdigest()


def test_every_version_of_the_cast_has_the_hash_of_its_text(indus):
    versions = list(NoticeVersion.objects.all())
    assert {version.client_id for version in versions} == {indus.id, PAKTALEEM}
    for one in versions:
        text = json.dumps({"en": one.text_en, "ur": one.text_ur}, ensure_ascii=False, separators=(",", ":"))
        assert one.content_hash == hashlib.sha256(text.encode()).hexdigest()


def test_history_and_evidence_say_who_published(cast, newsletter, now):
    version = publish(cast, newsletter, now)
    [row] = version.history.all()
    assert (row.actor_id, row.history_change_reason) == (cast.user_id("farah"), "law_change")
    entry = Entry.objects.get(kind="notice.published", recorded_at=now)
    assert json.loads(entry.body)["facts"] == {
        "notice": "about_newsletter",
        "number": 2,
        "material": True,
        "hash": version.content_hash,
        "effective_at": now.isoformat(),
    }


def test_publishing_raises_the_registers_version(cast, newsletter, now):
    before = RegisterVersion.objects.get(client=newsletter.client_id).version
    publish(cast, newsletter, now)
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


def test_nothing_is_backdated(cast, newsletter, now):
    with pytest.raises(ValidationError) as caught:
        publish(cast, newsletter, now, effective_at=now - timedelta(microseconds=1))
    assert list(caught.value.message_dict) == ["effective_at"]


def test_versions_take_effect_in_their_order(cast, newsletter, now):
    publish(cast, newsletter, now, effective_at=now + 2 * DAY)
    with pytest.raises(ValidationError) as caught:
        publish(cast, newsletter, now, effective_at=now + DAY)
    assert list(caught.value.message_dict) == ["effective_at"]


@pytest.mark.parametrize("field", ["text_en", "text_ur"])
def test_both_languages_are_needed(cast, newsletter, now, field):
    with pytest.raises(ValidationError) as caught:
        publish(cast, newsletter, now, **{field: "  "})
    assert list(caught.value.message_dict) == [field]


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_others_may_not_publish(cast, newsletter, now, actor):
    with pytest.raises(NotAllowed):
        publish(cast, newsletter, now, actor=actor)


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
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", "number"),
        ("effective_at", "announced_at - interval '1 second'"),
        ("notice_owner", "gen_random_uuid()"),
    ],
)
def test_the_database_refuses_the_broken_version(newsletter, column, value):
    columns = [str(field.column) for field in NoticeVersion._meta.concrete_fields]
    taken = {"id": "gen_random_uuid()", "number": "number + 100", column: value}
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO consent_noticeversion ({', '.join(columns)})"
            f" SELECT {', '.join(taken.get(name, name) for name in columns)} FROM consent_noticeversion WHERE notice_id = %s",
            [newsletter.pk],
        )
