"""The preview of a coming version: what it would change, before it is announced."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.consents.models import Consent, ConsentState, GivenBy, Method
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import Notice
from consent.notices.selectors.preview import RenewalCounts, preview_effect
from consent.notices.selectors.public import get_current_notice
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.consent.announcing import DAY, PURPOSE, SECOND, announce, consent, prove, share_purpose
from tests.factories import SETTING_UP
from tests.showing import shown


@pytest.fixture
def asked(cast, now):
    """Set up consents of Junaid, Kiran and, for Danish, his mother."""
    share_purpose(cast)
    consent(cast, "khyber", now - DAY)
    version = consent(cast, "indus", now - DAY)
    with in_client(cast.client_id("indus")):
        record_answers(
            cast.subject("danish"),
            answers=[Answer(PURPOSE, ConsentState.GIVEN)],
            notice_version=version.pk,
            given_by=GivenBy.GUARDIAN,
            guardian=cast.subject("esra"),
            method=Method.PAPER,
            evidence="Box 3",
            claimed_at=now - DAY,
            actor=cast.key_actor("indus"),
            at=now - DAY,
        )
    return cast


def preview(cast, at, *, material=True, code=f"about_{PURPOSE}", actor="amina"):
    with as_officer():
        notice = Notice.objects.get(client_id=PAKTALEEM, code=code)
        return preview_effect(notice, is_material=material, actor=cast.actor(actor), at=at)


def test_a_material_text_asks_everyone_anew(asked, now):
    effect = preview(asked, now)
    assert (effect.notified, effect.total) == (2, RenewalCounts("", 3, 2, 3, 1))
    assert effect.by_purpose == (RenewalCounts(PURPOSE, 3, 2, 3, 1),)


def test_a_change_that_is_not_material_requests_no_consent(asked, now):
    assert preview(asked, now, material=False).total == RenewalCounts("", 0, 0, 0, 0)


def test_the_policy_requests_no_consent_and_notifies_every_client(asked, now):
    effect = preview(asked, now, code="privacy_notice")
    assert (effect.notified, effect.total.consents) == (2, 0)


def test_what_no_longer_counts_is_not_counted(asked, now):
    with in_client(asked.client_id("khyber")):
        withdraw_consent(asked.subject("kiran"), purpose=PURPOSE, actor=asked.key_actor("khyber"), at=now)
    assert preview(asked, now + SECOND).total == RenewalCounts("", 2, 1, 2, 1)


def test_what_is_outdated_already_at_a_client_is_not_counted_again(asked, now):
    version = announce(asked, now)
    prove(asked, "indus", version, now)
    assert preview(asked, now + DAY).total.consents == 3
    assert preview(asked, version.effective_at).total == RenewalCounts("", 1, 1, 1, 0)


def test_a_client_counts_its_own_people_alone(asked, now):
    with in_client(asked.client_id("indus")):
        notice = Notice.objects.get(client_id=PAKTALEEM, code=f"about_{PURPOSE}")
        assert preview_effect(notice, is_material=True, actor=asked.actor("farah"), at=now).total.consents == 2


def test_a_person_asked_about_two_purposes_is_counted_once(cast, now):
    indus = cast.client_id("indus")
    with in_client(indus):
        notice = Notice.objects.get(client_id=indus, code="about_newsletter")
        for purpose in ("newsletter", "product_research"):
            answers = [Answer(purpose, ConsentState.GIVEN)]
            token = shown(indus, now, purpose)
            record_answers(cast.subject("hamza"), answers=answers, shown=token, actor=cast.key_actor("indus"), at=now)
        notice.purposes = ["newsletter", "product_research"]
        change_register(notice, actor=SETTING_UP, reason=Reason.CORRECTION, at=now)
        version = get_current_notice("newsletter", client_id=indus, at=now)
        Consent.objects.filter(client_id=indus, purpose__code="product_research").update(notice_version=version.pk)
        effect = preview_effect(notice, is_material=True, actor=cast.actor("farah"), at=now + SECOND)
    assert effect.total == RenewalCounts("", 2, 1, 1, 0)
    assert effect.by_purpose == (RenewalCounts("newsletter", 1, 1, 1, 0), RenewalCounts("product_research", 1, 1, 1, 0))


def test_it_takes_a_fixed_number_of_queries(asked, now):
    with CaptureQueriesContext(connection) as captured:
        preview(asked, now)
    assert len([one for one in captured if "FROM" in one["sql"]]) <= 9


def test_who_may_see_no_consents_sees_no_effect(cast, now):
    nobody = system_actor("nobody")
    with as_officer(), pytest.raises(NotAllowed):
        preview_effect(
            Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice"),
            is_material=True,
            actor=type(nobody)(kind=nobody.kind, id=nobody.id, role="x", client_id=None, capabilities=frozenset()),
            at=now,
        )
