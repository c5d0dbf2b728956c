"""Importing changes only, closing accounts, trying first, and stopping before too many vanish."""

import json
from datetime import timedelta

import pytest

from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectEvent
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.rosters.importing.service import TooMuchLost
from paktaleem.directory.schools.rows import Tally
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from tests.rosters import clean_network, school
from tests.subjects.test_import_roster import person

IMPORTER = system_actor("import_roster")
LATER = timedelta(days=1)


def name_of(subject):
    return sealer_of(subject).open(subject.full_name, column="people_subject.full_name")


def closed():
    events = SubjectEvent.objects.filter(kind="account_closed").values_list("subject__external_id", flat=True)
    assert Entry.objects.filter(kind="subject.account_closed").count() == len(events)
    return set(events)


def without(package, *names):
    for file in ("users.csv", "enrollments.csv", "demographics.csv"):
        key = "userSourcedId" if file == "enrollments.csv" else "sourcedId"
        package.tables[file] = [row for row in package.tables[file] if row[key] not in names]
    return package


def test_a_delta_changes_only_the_people_it_names(bring):
    bring(clean_network())
    package = clean_network().as_delta(danish="active")
    package.row("users.csv", "danish")["givenName"] = "Daniyal"
    report = bring(package, everybody=True)
    assert (report.people, name_of(person("danish"))) == ({"student": Tally(changed=1)}, "Daniyal Khan")
    assert person("farhan").is_enabled
    assert report.relations == Tally(unchanged=1)


def test_the_account_of_a_person_deleted_at_the_source_is_closed_once(bring):
    bring(school(20))
    delta = school(20).as_delta(celia="tobedeleted")
    report = bring(delta)
    assert report.people == {"administrator": Tally(gone=1)}
    assert (report.losses["people"].gone, report.examples) == (1, {"close": ("celia",)})
    assert not person("celia").is_enabled
    assert (name_of(person("celia")), closed()) == ("Celia Farooqi", {"celia"})
    assert person("celia").history.latest().history_change_reason == "roster_import"
    assert bring(delta).people == {"administrator": Tally(unchanged=1)}
    assert bring(school(20)).people["administrator"] == Tally(changed=1)
    assert person("celia").is_enabled


def test_an_account_disabled_by_a_file_is_closed_and_reopened_with_evidence(bring):
    bring(school(20))
    package = school(20)
    package.row("users.csv", "celia")["enabledUser"] = "false"
    bring(package)
    assert closed() == {"celia"}
    assert not person("celia").is_account_open
    assert person("celia").account_closed_at is not None
    bring(school(20))
    events = SubjectEvent.objects.filter(subject=person("celia")).order_by("recorded_at", "id")
    assert [event.kind for event in events] == ["account_closed", "active"]
    assert (person("celia").is_account_open, person("celia").account_closed_at) == (True, None)


def test_an_unchanged_roster_does_not_reopen_an_account(bring, now):
    bring(school(20))
    record_subject_event(person("celia"), kind="account_closed", happened_at=now, actor=IMPORTER, at=now)
    package = school(20)
    package.row("users.csv", "celia")["email"] = "celia.new@mail.example"
    assert bring(package).people["administrator"] == Tally(changed=1)
    assert (person("celia").is_enabled, person("celia").is_account_open) == (True, False)


def test_a_new_person_disabled_by_a_file_has_no_open_account(bring, now):
    package = school(20)
    package.row("users.csv", "celia")["enabledUser"] = "false"
    bring(package)
    assert person("celia").account_closed_at == now
    earlier = now - LATER
    record_subject_event(person("celia"), kind="active", happened_at=earlier, actor=IMPORTER, at=now)
    assert not person("celia").is_account_open, "an earlier use that is reported late reopened it"
    assert closed() == {"celia"}


def test_a_delta_can_name_guardians_of_earlier_files(bring):
    bring(clean_network())
    package = clean_network()
    package.user("hina", "student", "Hina", "Khan", agentSourcedIds="esra,farhan,nobody")
    package.born("hina", "2014-05-05")
    report = bring(package.as_delta(hina="active"))
    claim = GuardianClaim.objects.get(child=person("hina"))
    assert (claim.guardian_id, claim.relationship) == (person("esra").id, "guardian")
    assert report.oddities == {"agent_not_guardian": 1, "agent_unknown": 1}


def test_a_delta_adds_no_relation_to_a_guardian_being_erased(cast, bring, now):
    bring(clean_network())
    start_erasure(person("esra"), actor=cast.actor("amina"), reason="subject_request", at=now)
    package = clean_network()
    package.user("hina", "student", "Hina", "Khan", agentSourcedIds="esra")
    report = bring(package.as_delta(hina="active"))
    assert report.oddities == {"relation_of_erased": 1}
    assert not GuardianClaim.objects.filter(child=person("hina")).exists()


def test_a_delta_can_state_a_relation_on_the_guardians_side(bring):
    bring(clean_network())
    package = clean_network()
    package.user("ghalib", "relative", "Ghalib", "Khan", email="g@mail.example", agentSourcedIds="danish")
    bring(package.as_delta(ghalib="active"))
    claim = GuardianClaim.objects.get(guardian=person("ghalib"))
    assert (claim.child_id, claim.relationship) == (person("danish").id, "relative")


def test_a_role_of_an_unknown_person_is_refused_with_its_place(bring):
    package = clean_network().as_version_1_2().as_delta(danish="active")
    package.without("users.csv").without("demographics.csv")
    with pytest.raises(RosterInvalid) as caught:
        bring(package)
    [problem] = caught.value.problems
    assert (problem.code, problem.file, problem.row) == ("person_unknown", "roles.csv", 2)


def test_values_omitted_by_a_delta_are_kept(bring):
    bring(clean_network())
    package = clean_network().as_version_1_2().as_delta(danish="active")
    package.without("roles.csv").without("users.csv")
    package.row("demographics.csv", "danish")["birthDate"] = "2017-04-14"
    assert bring(package).people == {"student": Tally(changed=1)}
    assert (name_of(person("danish")), person("danish").role) == ("Danish Khan", "student")


def test_an_unknown_person_declared_deleted_is_skipped(bring):
    report = bring(clean_network().as_delta(danish="tobedeleted"))
    assert report.oddities == {"gone_unknown": 1}
    assert not Subject.objects.filter(external_id="danish").exists()


def test_only_people_created_by_a_roster_can_be_missing(bring):
    bring(school(30))
    report = bring(without(school(30), "stu-000007"), everybody=True)
    assert (report.people["student"], closed()) == (Tally(unchanged=29, gone=1), {"stu-000007"})
    assert person("lms-danish").is_enabled
    assert report.people_not_named == Subject.objects.filter(external_id__startswith="lms-").count()


def test_a_person_being_erased_is_not_closed_if_missing(cast, bring, now):
    bring(school(30))
    leaver = person("stu-000007")
    start_erasure(leaver, actor=cast.actor("amina"), reason="subject_request", at=now)
    report = bring(without(school(30), "stu-000007"), everybody=True)
    leaver.refresh_from_db()
    assert (leaver.is_enabled, leaver.account_closed_at) == (True, None)
    assert report.people["student"] == Tally(unchanged=29)


def test_deactivating_more_than_a_tenth_needs_confirmation(bring, settings):
    bring(school(30))
    before = Subject.objects.filter(is_enabled=True).count()
    with pytest.raises(TooMuchLost) as stop:
        bring(school(20), everybody=True)
    losses = stop.value.report.losses
    assert (losses["people"].before, Subject.objects.filter(is_enabled=True).count()) == (before, before)
    settings.ROSTER_VANISH_PERCENT = max(-(-loss.gone * 100 // loss.before) for loss in losses.values())
    assert bring(school(20), is_trial=True, everybody=True).losses == losses
    assert bring(school(20), everybody=True).losses == losses


def test_accounts_disabled_by_a_file_count_as_deactivated(bring):
    bring(school(30))
    package = school(30)
    for row in package.tables["users.csv"]:
        row["enabledUser"] = "false"
    with pytest.raises(TooMuchLost):
        bring(package)
    assert bring(package, allow_bulk_deactivation=True).people["student"] == Tally(changed=30)


def test_a_trial_reports_the_same_and_writes_nothing(bring):
    bring(school(30))
    before = (Subject.objects.count(), Entry.objects.count(), Subject.history.count())
    tried = bring(school(40), is_trial=True)
    assert (Subject.objects.count(), Entry.objects.count(), Subject.history.count()) == before
    assert tried.examples["add"][0] == "par-000030-0"
    done = bring(school(40), as_shown=tried.plan)
    assert (done.people, done.relations, done.plan) == (tried.people, tried.relations, tried.plan)


# Claims of guardians


def with_father(agents="danish"):
    package = clean_network()
    package.user("omar", "parent", "Omar", "Khan", email="omar@mail.example", agentSourcedIds=agents)
    package.row("users.csv", "danish")["agentSourcedIds"] = "esra"
    package.row("users.csv", "esra")["agentSourcedIds"] = ""
    return package


def open_claims():
    claims = GuardianClaim.objects.filter(child=person("danish"), ends_at=None)
    return set(claims.values_list("guardian__external_id", flat=True))


def test_a_complete_roster_ends_the_claims_it_no_longer_makes(bring, now):
    bring(with_father())
    package = with_father(agents="")
    tried = bring(package, is_trial=True, everybody=True)
    assert open_claims() == {"esra", "omar"}
    report = bring(package, everybody=True, as_shown=tried.plan)
    assert tried.relations == report.relations == Tally(unchanged=1, gone=1)
    assert open_claims() == {"esra"}
    claim = GuardianClaim.objects.get(guardian=person("omar"))
    version = claim.history.latest()
    assert (claim.ends_at, version.ends_at, version.history_type) == (now, now, "~")
    assert (version.history_change_reason, version.actor_id) == ("roster_import", IMPORTER.id)
    [entry] = Entry.objects.filter(kind="guardian.claim_ended", subject_id=claim.child_id)
    assert json.loads(entry.body)["facts"] == {"guardian": str(claim.guardian_id)}
    assert bring(package, everybody=True).relations == Tally(unchanged=1)


def test_a_claim_made_again_by_a_roster_has_a_new_start(bring, now):
    bring(with_father())
    package = with_father(agents="")
    bring(package, everybody=True, at=now + LATER)
    bring(with_father(), everybody=True, at=now + 2 * LATER)
    claims = {claim.guardian.external_id: claim for claim in GuardianClaim.objects.filter(child=person("danish"))}
    assert {name: (claim.starts_at, claim.ends_at) for name, claim in claims.items()} == {
        "esra": (now, None),
        "omar": (now + 2 * LATER, None),
    }


def test_claims_not_made_by_a_roster_are_not_ended(bring, indus, now):
    bring(with_father())
    hina, _ = register_subject("hina", client=indus, details={"role": "student"}, actor=IMPORTER, at=now)
    claim_guardian(hina, guardian=person("omar"), relationship="parent", actor=IMPORTER, at=now)
    bring(with_father(), everybody=True)
    assert GuardianClaim.objects.get(child=hina).ends_at is None


@pytest.mark.parametrize("everybody", [False, True])
def test_a_partial_roster_or_delta_ends_no_omitted_claim(bring, everybody):
    bring(with_father())
    package = with_father(agents="")
    bring(package.as_delta(omar="active") if everybody else package, everybody=everybody)
    assert open_claims() == {"esra", "omar"}


@pytest.mark.parametrize("removed", ["omar", "danish"])
def test_a_delta_that_removes_a_person_ends_their_claims(bring, removed):
    bring(with_father())
    delta = with_father().as_delta(**{removed: "tobedeleted"})
    report = bring(delta)
    assert open_claims() == ({"esra"} if removed == "omar" else set())
    assert report.relations == Tally(gone=1 if removed == "omar" else 2)
    assert bring(delta).relations == Tally()


def test_a_delta_that_names_a_removed_guardian_adds_no_claim(bring):
    bring(with_father())
    delta = with_father()
    delta.row("users.csv", "danish")["agentSourcedIds"] = "esra,omar"
    report = bring(delta.as_delta(danish="active", omar="tobedeleted"))
    assert (open_claims(), report.relations) == ({"esra"}, Tally(unchanged=1, gone=1))
