"""Law profiles: what a wrong file is refused for, and when a new period counts for the ages of a client."""

import json
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.apps import check_law
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.client_services import ReducesProtection, adopt_law, change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.law.profiles import read_ages, read_authorities, read_law
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.law_effects import measure_effect
from tests.children.guardians import decision_reason
from tests.consent.making import refuses
from tests.factories import SubjectFactory
from tests.laws import HEAD, WORDS, law_of_pakistan, period

DAY = timedelta(days=1)
TODAY = date(2026, 12, 3)


def test_each_profile_of_the_release_is_valid_and_reviewed():
    assert check_law() == []
    law = read_law()
    assert set(law.profiles) == {"policy", "pk", "eu", "gb", "us"}
    for profile in law.profiles.values():
        rules = profile.on(TODAY)
        stated = [getattr(rules, name) for name in rules.__struct_fields__ if name not in {"starts", "retention"}]
        assert all(rule.reviewed <= TODAY for rule in (*stated, *rules.retention) if rule is not None)


# GDPR Art. 8(1) in the member states, by hand; Denmark: 13 until the end of 2023
AGES = {
    13: "BE EE FI LV MT PT SE GB US",
    14: "AT BG CY ES IT LT",
    15: "CZ DK FR GR SI",
    16: "DE HR HU IE LU NL PL RO SK",
}


@pytest.mark.parametrize(("years", "countries"), AGES.items())
def test_the_age_of_consent_is_that_of_the_table(years, countries):
    for country in countries.split():
        assert (country, read_ages("", TODAY, "consent_age")[country]) == (country, years)


def test_a_period_keeps_what_it_does_not_change():
    ages = [read_ages("", day, "consent_age")["DK"] for day in (date(2023, 12, 31), date(2024, 1, 1))]
    assert ages == [13, 15]
    denmark = read_law().find_profile("DK")
    assert denmark.on(TODAY).answer == denmark.on(date(2023, 12, 31)).answer
    assert read_authorities("", TODAY)["DK"].name == "Datatilsynet"


SILENT = period("2020-01-01")
WRONG = {
    "unknown field `colour`": HEAD + 'colour = "blue"\n' + SILENT,
    "missing required field `source`": f"{HEAD}{SILENT}[period.answer]\ndays = 20\nreviewed = 2026-12-02\n",
    "set either days or months": HEAD + period("2020-01-01", answer="days = 20\nmonths = 1"),
    "overlaps": HEAD + SILENT + SILENT,
    "no country of this profile": HEAD + period("2020-01-01", consent_age="years = 14\nby_country = { DE = 16 }"),
    "in both languages": HEAD + period("2020-01-01", answer='days = 20\ntext_en = "only English"'),
    ">= 13": HEAD + period("2020-01-01", consent_age="years = 12"),
    "ZZ is no country": HEAD.replace('"PK"', '"PK", "ZZ"') + SILENT,
    "XB is no country": HEAD + period("2020-01-01", adequacy='countries = ["XB"]'),
    "reviewed on 2099-01-01": HEAD + period("2020-01-01", answer="days = 20").replace("2026-12-02", "2099-01-01"),
    "DE: named by more than one profile": HEAD.replace('"PK"', '"PK", "DE"') + SILENT,
}


@pytest.mark.parametrize("problem", WRONG)
def test_a_wrong_profile_fails_the_check(problem, settings, tmp_path):
    (tmp_path / "pk.toml").write_text(WRONG[problem])
    settings.LAW_PROFILES = str(tmp_path)
    [found] = check_law()
    assert problem in found.msg


@pytest.mark.parametrize(("file", "problem"), [("lost", "no such folder"), ("latin", "pk.toml"), ("folder", "pk.toml")])
def test_a_profile_that_cannot_be_read_fails_the_check(file, problem, settings, tmp_path):
    if file == "latin":
        (tmp_path / "pk.toml").write_bytes(HEAD.encode("utf-16"))
    if file == "folder":
        (tmp_path / "pk.toml").mkdir()
    settings.LAW_PROFILES = str(tmp_path / "lost" if file == "lost" else tmp_path)
    [found] = check_law()
    assert problem in found.msg


def test_the_stricter_age_counts_the_laws_or_the_clients(cast, now):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
    client.age_threshold, client.country_thresholds = 14, {"FR": 18, "DE": 13}
    ages = [client.thresholds.of(country) for country in ("", "PK", "GB", "FR", "DE", "CZ")]
    assert ages == [14, 14, 14, 18, 16, 15]
    client.country = "PL"
    ages = [client.thresholds.of(country) for country in ("", "PL", "GB", "FR", "CZ", "BR")]
    assert ages == [16, 16, 16, 18, 16, 16], "nowhere below the age at home"
    client.law_on = None
    assert client.thresholds.of("DE") == 13


def test_a_new_period_makes_ages_count_from_its_day_on(cast, now, tmp_path):
    start, worker = now + 10 * DAY, system_actor("clients.adopt_law")
    law = law_of_pakistan(
        tmp_path / "law",
        period("2017-05-30", full_age="years = 18"),
        period(str(start.date()), consent_age="years = 16"),
    )
    with law, in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        SubjectFactory(client=indus, external_id="young", role="student", birth_date=date(2012, 3, 1), at=now)
        assert not adopt_law(indus.pk, actor=worker, at=start - 2 * DAY)
        assert decision_reason(cast, "young", now) == "permitted"
        later = start + DAY
        assert adopt_law(indus.pk, actor=worker, at=later)
        assert not adopt_law(indus.pk, actor=worker, at=later + DAY), "once"
        assert decision_reason(cast, "young", later) == "age_unknown", "closed until the ages are recomputed"
        indus = Client.objects.get(pk=indus.pk)
        assert not Subject.objects.filter(age_is_known(indus), external_id="young").exists()
        recompute_ages_of_client(str(indus.pk))
        assert decision_reason(cast, "young", later + DAY) == "guardian_consent_required"
        assert decision_reason(cast, "young", now, now=later + DAY) == "permitted", "never retroactive"
        change = Entry.objects.filter(kind="client.changed").latest("id")
        assert change.client_id == indus.pk


def test_a_lower_age_by_law_waits_for_a_second_person_and_a_higher_one_does_not(cast, now, tmp_path):
    start, worker = now + 10 * DAY, system_actor("clients.adopt_law")
    both = HEAD.replace('"PK"', '"PK", "AE", "OM"')
    old = period("2017-05-30", full_age="years = 18", consent_age="years = 16\nby_country = { AE = 14, OM = 18 }")
    new = period(str(start.date()), consent_age="years = 14\nby_country = { AE = 17, OM = 15 }")
    law = law_of_pakistan(tmp_path / "law")
    (tmp_path / "law" / "pk.toml").write_text(both + old + new)
    with law, in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        SubjectFactory(client=indus, external_id="young", role="student", birth_date=date(2011, 3, 1), at=now)
        recompute_ages_of_client(str(indus.pk))
        assert adopt_law(indus.pk, actor=worker, at=start + DAY)
        indus = Client.objects.get(pk=indus.pk)
        assert [indus.thresholds.of(country) for country in ("", "PK", "AE", "OM")] == [16, 16, 17, 18]
        assert (indus.age_threshold, indus.country_thresholds) == (16, {"OM": 18}), "shown to officers as its own"
        recompute_ages_of_client(str(indus.pk))
        assert decision_reason(cast, "young", start + 2 * DAY) == "guardian_consent_required"
        lower = {"actor": cast.actor("amina"), "reason": "law_change", "at": start + 2 * DAY}
        indus.age_threshold = 14
        with pytest.raises(ReducesProtection):
            change_client(indus, **lower)
        change_client(indus, ground="The law sets 14.", **lower)
        assert Client.objects.get(pk=indus.pk).thresholds.of("PK") == 16, "one person is not enough"
        change = ProposedChange.objects.get()
        decide_proposed_change(change, approve=True, actor=cast.actor("farah"), at=start + 3 * DAY)
        assert [Client.objects.get(pk=indus.pk).thresholds.of(country) for country in ("PK", "OM")] == [14, 18]


def test_a_higher_full_age_is_stored_and_only_two_people_lower_it(cast, now, tmp_path):
    worker, later = system_actor("clients.adopt_law"), now + DAY
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        indus.country_full_ages = {"IN": 20}
        change_client(indus, actor=cast.actor("amina"), reason="law_change", at=now)
        with law_of_pakistan(tmp_path / "old", period("2017-05-30", full_age="years = 21")):
            assert adopt_law(indus.pk, actor=worker, at=now)
            assert not adopt_law(indus.pk, actor=worker, at=later), "once"
        edited = law_of_pakistan(tmp_path / "new", period("2017-05-30", full_age="years = 17"))
        with edited:
            assert not adopt_law(indus.pk, actor=worker, at=later)
            indus = Client.objects.get(pk=indus.pk)
            assert indus.country_full_ages == {"IN": 20, "PK": 21}
            assert [indus.full_ages.of(country) for country in ("", "IN", "GB")] == [21, 20, 18]
            indus.country_full_ages = {"IN": 20}
            lower = {"actor": cast.actor("amina"), "reason": "law_change", "at": later}
            with pytest.raises(ReducesProtection):
                change_client(indus, **lower)
            change_client(indus, ground="The law sets 18.", **lower)
            assert Client.objects.get(pk=indus.pk).full_ages.of("PK") == 21, "one person is not enough"
            decide_proposed_change(ProposedChange.objects.get(), approve=True, actor=cast.actor("farah"), at=later)
            assert Client.objects.get(pk=indus.pk).full_ages.of("PK") == 18, "never below the promise"


@pytest.mark.parametrize("ages", [{"DE": 17}, {"DE": 22}, {"de": 18}, {"DE": "18"}, []])
def test_service_and_database_refuse_wrong_full_ages(cast, now, ages):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        if ages:
            indus.country_full_ages = ages
            with refuses("country_full_ages"):
                change_client(indus, actor=cast.actor("amina"), reason="law_change", at=now)
        refused_too = pytest.raises(IntegrityError, match="client_country_full_ages_18_to_21")
        with connection.cursor() as cursor, refused_too, transaction.atomic():
            cursor.execute("UPDATE accounts_client SET country_full_ages = %s::jsonb", [json.dumps(ages)])


def test_the_effect_of_a_coming_period_is_counted_before_it_counts(cast, now, tmp_path):
    law = law_of_pakistan(
        tmp_path / "law", period("2017-05-30", full_age="years = 18"), period("2099-01-01", consent_age="years = 16")
    )
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        born = {"young": date(2012, 3, 1), "older": date(2008, 3, 1), "abroad": date(2012, 3, 1)}
        for name, day in born.items():
            country = "GB" if name == "abroad" else ""
            SubjectFactory(client=indus, external_id=name, role="student", birth_date=day, country=country, at=now)
    with law, in_client(indus.pk):
        effect = measure_effect(indus, date(2099, 1, 1), at=now)
        assert effect.new_children == 0, "all are grown in 2099"
    soon = law_of_pakistan(
        tmp_path / "soon",
        period("2017-05-30", full_age="years = 18"),
        period(
            str((now + 30 * DAY).date()),
            consent_age="years = 16",
            marketing=f'{WORDS}consent = "everyone"',
        ),
    )
    with soon, in_client(indus.pk):
        before = decision_reason(cast, "young", now)
        effect = measure_effect(indus, (now + 30 * DAY).date(), at=now)
        assert (effect.new_children, effect.no_longer_children) == (2, 0), "those of fourteen, at home and abroad"
        at_home = Subject.objects.filter(erased_at=None, country="").count()
        assert effect.new_consents == at_home > 2, "the law of the United Kingdom demands consent already"
        assert decision_reason(cast, "young", now) == before == "permitted"


def test_the_command_names_the_profiles_and_the_clients(cast, tmp_path, capsys):
    law = law_of_pakistan(tmp_path / "law", period("2017-05-30"), period("2099-01-01", consent_age="years = 16"))
    with pytest.raises(CommandError, match="use one of eu, gb, pk, policy, us") as caught:
        call_command("law_effect", "de")
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="no coming period"):
        call_command("law_effect", "pk")
    with law:
        call_command("law_effect", "pk")
    printed = capsys.readouterr().out
    assert "pk: from 2099-01-01" in printed
    assert "indus: 0 more need a guardian, 0 no longer do;" in printed
