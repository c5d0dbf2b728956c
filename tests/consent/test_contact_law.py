"""The law on marketing and directory information: by country, from its period on, for the person who objects."""

from datetime import timedelta
from typing import Any

import pytest

from consent.consents.models import Objection
from consent.consents.selectors.consents import get_choice
from consent.consents.services.restrictions import NotLegitimateInterest, object_to_purpose
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.client_services import adopt_law
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.law.profiles import read_contact_law
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.cases import propose_overruling
from tests.accounts.test_law import TODAY
from tests.children.guardians import decision_reason
from tests.consent.making import DAY, accept_by_two, instruct
from tests.console.pages import row_url
from tests.factories import CAST_AT, SETTING_UP
from tests.laws import WORDS, law_of_pakistan, period
from tests.signing_in import browser_of


def use_for(cast, code, **values):
    """Add a purpose on contract for students of Indus, instructed, before the people came."""
    words = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Year book")
    own: dict[str, Any] = {"client_id": cast.client_id("indus")}
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": CAST_AT}
    with in_client(cast.client_id("indus")):
        made = change_register(Purpose(code=code, categories=["contact_details"], **words, **values, **own), **by)
        basis = LawfulBasis(purpose=made, role="student", basis="contract", starts_at=CAST_AT, **own)
        accept_by_two(basis, requester=cast.actor("farah"), at=CAST_AT)
    instruct(cast, "indus", CAST_AT, [code])


# By hand: PECA s. 25 and Directive 2002/58/EC Art. 13, PECR reg. 22: everyone; 16 CFR 312.5(a)(2): children
@pytest.mark.parametrize(
    ("home", "country", "adult", "child", "directory"),
    [
        ("PK", "", True, True, False),
        ("DE", "US", True, True, True),
        ("US", "", False, True, True),
        ("US", "GB", True, True, True),
        ("AE", "", False, False, False),
    ],
)
def test_the_release_says_by_country_who_consents_to_marketing(home, country, adult, child, directory):
    law = read_contact_law("", TODAY, home)
    needed = [law.needs_consent(country, is_child=one) for one in (False, True)]
    assert ([*needed], law.has_directory(country)) == ([adult, child], directory)


def test_a_new_period_ends_marketing_without_consent_and_is_not_retroactive(cast, now, tmp_path):
    use_for(cast, "offers", dpv_term="dpv:DirectMarketing")
    start, indus_id = now + 10 * DAY, cast.client_id("indus")
    rule = {"marketing": f'{WORDS}consent = "everyone"'}
    law = law_of_pakistan(tmp_path / "law", period("2017-05-30"), period(str(start.date()), **rule))
    with law, in_client(indus_id):
        adopt_law(indus_id, actor=system_actor("clients.adopt_law"), at=now)
        assert decision_reason(cast, "lms-hamza", now + DAY, purpose="offers") == "permitted"
        assert adopt_law(indus_id, actor=system_actor("clients.adopt_law"), at=start + DAY)
        later = start + 2 * DAY
        assert decision_reason(cast, "lms-hamza", later, purpose="offers") == "basis_missing"
        assert decision_reason(cast, "lms-hamza", later, purpose="offers", action="delete") == "permitted"
        assert decision_reason(cast, "lms-hamza", now + DAY, now=later, purpose="offers") == "permitted"


def test_people_object_to_directory_information_where_the_law_says_so(cast, now, tmp_path):
    use_for(cast, "directory_information")
    at, code = now + timedelta(hours=1), "directory_information"
    by = {"actor": cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": at}
    with in_client(cast.client_id("indus")):
        hamza = cast.subject("hamza")
        with pytest.raises(NotLegitimateInterest):
            object_to_purpose(hamza, purpose_code=code, **by)
        assert not Objection.objects.exists()
    law = law_of_pakistan(tmp_path / "law", period("2017-05-30", directory_information=WORDS))
    with law, in_client(cast.client_id("indus")):
        adopt_law(hamza.client_id, actor=system_actor("clients.adopt_law"), at=now)
        assert get_choice(hamza, code, actor=cast.actor("amina"), at=at).may_object
        limit = object_to_purpose(hamza, purpose_code=code, **by)
        assert not get_choice(hamza, code, actor=cast.actor("amina"), at=at).may_object
        assert decision_reason(cast, "lms-hamza", at, purpose=code) == "objection_in_force"
        with pytest.raises(Refused, match="no ground overrules it"):
            propose_overruling(limit, ground="The year book is printed.", actor=cast.actor("amina"), at=at)
    with law:
        page = browser_of(cast.user("amina")).get(row_url("people/subject", hamza.pk, "object")).text
    assert 'value="directory_information"' in page
    assert 'value="service_delivery"' not in page
