"""Stateful test: whatever happens, a use of a child's data is allowed only by a guardian's valid decision.

The state machine acts through the services and keeps a simple model of what it did. After every step it requests the
decision: allowed(child, purpose) requires that a guardian other than the child, whose verification was not found
false, consented, and that no current or erased guardian refused. Each example is short and runs in its own
transaction, which is rolled back.
``GATE_STEPS`` sets the total number of steps: 500 by default, 20,000 in ``make test-deep``.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from children.guardians.authority import METHODS, Method
from children.guardians.models import Guardianship, ServiceAuthorisation, Verification
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services.answers import (
    ChildMayNotAuthorise,
    NoAuthority,
    NoConsentGiven,
    NotInQuarantine,
    TooWeakToShare,
    quarantine,
    record_service_answer,
    release,
)
from children.guardians.services.guardians import (
    AlreadyEnded,
    AlreadyNamed,
    ChangeWaits,
    NotTheirOwnGuardian,
    StillAChild,
    change_guardian,
    name_guardian,
    settle_guardian_change,
)
from children.guardians.services.verifications import MayNotConsent, mark_verification_false, record_verification
from children.invitations.selectors import list_wards
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import recompute_ages
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import AlreadyErased, complete_erasure, erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ChangeAlreadyDecided
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from retention.disposals.models import Batch
from rights.erasures.certificates import find_readable
from rights.erasures.models import Certificate
from rights.erasures.services.progress import erase_leavers
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from tests.children.guardians import approve_host, decision_reason, make_guardian, record_answer, verified_guardian
from tests.erasures.steps import certified, second, waive_all
from tests.factories import SETTING_UP, SubjectFactory
from tests.keeping import default_period
from tests.retention.disposals.steps import answer, approved, certify, lms, order_all, sweep
from tests.retention.schedule.making import make_holding, make_rule

STEPS = int(os.environ.get("GATE_STEPS", "500"))
STEPS_OF_ONE = 25
PURPOSE = "payment_billing"
START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
NAMES = ("esra", "omar", "zara", "child")
REFUSALS = (
    ChangeAlreadyDecided,
    AlreadyEnded,
    AlreadyErased,
    AlreadyNamed,
    ChangeWaits,
    ChildMayNotAuthorise,
    GuardianshipUnknown,
    MayNotConsent,
    NoAuthority,
    NotAllowed,
    NotInQuarantine,
    NoConsentGiven,
    NotTheirOwnGuardian,
    Refused,
    ApproverIsRequester,
    StillAChild,
    TooWeakToShare,
)


SAID: tuple[dict[str, Any], ...] = (
    {},
    {"declared_age": 40},
    {"declared_age": 9},
    {"declared_age": None, "age_check": None},
    {"age_check": "over 18@2026-09-01 k-id/c-1"},
    {"age_check": "under 13@2026-09-01 k-id/c-2"},
    {"attested_age": 30},
)
WANTED: tuple[dict[str, Any], ...] = (
    {"age_threshold": 13},
    {"age_threshold": 16},
    {"country_thresholds": {"DE": 18}},
    {"country_thresholds": {}},
    {"serves_minors": False},
    {"country": "DE"},
)


@dataclass
class Noted:
    """The model's knowledge of one guardianship."""

    person: str
    may_consent: bool
    ends_at: datetime | None = None
    court_order: bool = False
    verified: dict[Any, tuple[int, datetime | None]] = field(default_factory=dict)
    false: set[Any] = field(default_factory=set)
    answers: list[ServiceAuthorisation] = field(default_factory=list)

    def stands(self, at):
        return self.may_consent and not self.court_order and (self.ends_at is None or at < self.ends_at)

    def live(self, at):
        true = [how for key, how in self.verified.items() if key not in self.false]
        return [strength for strength, ends in true if ends is None or at < ends]

    @property
    def last(self):
        """The latest answer that does not rest on a false verification."""
        return next((one for one in reversed(self.answers) if one.verification_id not in self.false), None)

    @property
    def says_no(self):
        return self.last is not None and self.last.decision != "given"

    @property
    def says_yes(self):
        return self.last is not None and self.last.decision == "given"


class Gate(RuleBasedStateMachine):
    """One child of Indus, three adults who may become guardians, and the child itself, which also tries to decide."""

    cast: Any = None
    reached: Counter[str]

    @initialize(outside=st.booleans(), ready=st.sampled_from([2, 2, 1, 0]))
    def begin(self, outside, ready):
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.inside = in_client(self.cast.client_id("indus"))
        self.inside.__enter__()
        self.at = START
        client = self.cast.client("indus")
        self.client = client
        born = {"birth_date": datetime(2017, 3, 14, tzinfo=UTC).date()}
        child = SubjectFactory(client=client, external_id="gate-child", full_name="A Child", at=START, **born)
        self.people: dict[str, Subject] = {name: make_guardian(client, f"gate-{name}", at=START) for name in NAMES[:3]}
        self.people["child"] = child
        self.child = child
        self.diary: dict[Any, Noted] = {}
        self.erased: dict[str, datetime] = {}
        self.own_no_at: datetime | None = None
        self.held = False
        self.outside = outside
        if outside:
            approve_host(client.pk, PURPOSE)
        for name in NAMES[:ready]:
            row = verified_guardian(child, self.people[name], at=START)
            said = record_answer(child, self.people[name], "given", shares=True, at=START)
            self.diary[row.pk] = Noted(
                name, may_consent=True, verified={said.verification_id: (3, None)}, answers=[said]
            )

    def teardown(self):
        if hasattr(self, "inside"):
            self.inside.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.rolled_back.__exit__(None, None, None)

    def attempt(self, act):
        """Run an act; one of the portal's own exceptions is an expected outcome, any other is a defect."""
        self.at += timedelta(seconds=7)
        try:
            with transaction.atomic():
                return act()
        except REFUSALS:
            return None

    def row_of(self, name):
        mine = Guardianship.objects.filter(child=self.child, guardian=self.people[name])
        row: Guardianship | None = mine.order_by("-starts_at").first()
        return row

    @rule(name=st.sampled_from(NAMES), may_consent=st.sampled_from([True, True, False]))
    def name(self, name, may_consent):
        told: dict[str, Any] = {"relationship": "parent", "may_consent": may_consent, "may_receive_data": True}
        row = self.attempt(
            lambda: name_guardian(self.child, guardian=self.people[name], **told, actor=SETTING_UP, at=self.at)
        )
        if row is not None:
            assert name != "child"
            self.diary.setdefault(row.pk, Noted(name, may_consent))

    @rule(
        name=st.sampled_from(NAMES),
        method=st.sampled_from([Method.IN_PERSON, Method.EMAIL_PLUS, Method.SCHOOL_ATTESTED]),
        lasts=st.sampled_from([None, None, 30]),
    )
    def verify(self, name, method, lasts):
        row = self.row_of(name)
        if row is None:
            return
        ends = None if lasts is None else self.at + timedelta(seconds=lasts + 7)
        kept = {"expires_at": ends}
        told: dict[str, Any] = {"actor": SETTING_UP, "reason": "review"}
        made = self.attempt(lambda: record_verification(row, method=method, kept=kept, at=self.at, **told))
        if made is not None:
            self.diary[row.pk].verified[made.pk] = (int(METHODS[method]), ends)

    @rule(name=st.sampled_from(NAMES[:3]), which=st.integers(0, 2))
    def find_false(self, name, which):
        row = self.row_of(name)
        proofs = list(Verification.objects.filter(guardianship=row, ended_at=None).order_by("-id")) if row else []
        if row is None or not proofs:
            return
        wrong = proofs[min(which, len(proofs) - 1)]
        if self.attempt(lambda: mark_verification_false(wrong, actor=self.cast.actor("farah"), at=self.at)) is not None:
            self.diary[row.pk].false.add(wrong.pk)

    @rule(
        name=st.sampled_from([None, *NAMES, *NAMES[:2], *NAMES[:2]]),
        decision=st.sampled_from(["given", "given", "given", "refused", "withdrawn"]),
        shares=st.sampled_from([None, True, False]),
        by=st.sampled_from(["staff", "staff", "own", "child"]),
    )
    def answer(self, name, decision, shares, by):
        guardian = None if name is None else self.people[name]
        actor: Any = SETTING_UP
        if by == "own" and guardian is not None:
            actor = person_actor(guardian.pk, self.child.client_id, acts_for=self.child.pk)
        if by == "child":
            actor = person_actor(self.child.pk, self.child.client_id, acts_for=self.child.pk)
        told: dict[str, Any] = {"shares": shares, "route": "school", "evidence": "A letter, folder 12", "actor": actor}
        found = self.attempt(
            lambda: record_service_answer(self.child, guardian=guardian, decision=decision, at=self.at, **told)
        )
        if found is None:
            return
        if guardian is None:
            assert decision != "given"
            self.own_no_at = found.recorded_at
            return
        assert name != "child"
        assert by != "child"
        self.diary[found.guardianship_id].answers.append(found)

    @rule(
        name=st.sampled_from(NAMES[:3]),
        change=st.sampled_from(["end", "end_later", "may_not", "may", "court", "no_court"]),
        approved=st.booleans(),
        same=st.booleans(),
    )
    def change(self, name, change, approved, same):
        row = self.row_of(name)
        if row is None:
            return
        later = self.at + timedelta(seconds=7)
        wanted: Any = {
            "end": {"ends_at": later},
            "end_later": {"ends_at": later + timedelta(seconds=20)},
            "may_not": {"may_consent": False},
            "may": {"may_consent": True},
            "court": {"court_order": True},
            "no_court": {"court_order": False},
        }[change]
        first = self.cast.actor("farah")
        done = self.attempt(
            lambda: change_guardian(row, changes=wanted, ground="The court decided.", actor=first, at=self.at)
        )
        if done is None:
            return
        if not isinstance(done, Guardianship):
            second = first if same else user_actor(new_id(), "client_admin", self.child.client_id)
            settled = self.attempt(lambda: settle_guardian_change(done, approve=approved, actor=second, at=self.at))
            if settled is None or not approved:
                return
            assert not same
        for column, value in wanted.items():
            setattr(self.diary[row.pk], column, max(value, self.at) if column == "ends_at" else value)

    @rule(
        year=st.sampled_from([None, 1990, 2012, 2016, 2019]),
        role=st.sampled_from(["student", "guardian", "instructor"]),
        said=st.sampled_from(SAID),
        country=st.sampled_from(["", "DE", "GB"]),
    )
    def edit_the_child(self, year, role, said, country):
        born = None if year is None else datetime(year, 3, 14, tzinfo=UTC).date()
        details = {"birth_date": born, "role": role, "country": country, **said}
        told: dict[str, Any] = {"client": self.school(), "actor": self.cast.key_actor("indus"), "at": self.at}
        self.attempt(lambda: register_subject("gate-child", details=details, **told))

    @rule(wanted=st.sampled_from(WANTED), again=st.booleans())
    def edit_the_school(self, wanted, again):
        """Change the school's rule as one officer, who alone cannot let a child decide earlier."""
        school, amina = self.school(), self.cast.actor("amina")
        for name, value in wanted.items():
            setattr(school, name, value)
        self.attempt(lambda: change_client(school, ground="Said.", actor=amina, reason="review", at=self.at))
        waiting = ProposedChange.objects.filter(client=school, state="waiting").first()
        if waiting is not None and again:
            done = self.attempt(lambda: decide_proposed_change(waiting, approve=True, actor=amina, at=self.at))
            assert done is None

    @rule()
    def compute_ages(self):
        recompute_ages(self.school(), actor=SETTING_UP, at=self.at)

    def school(self):
        return Client.objects.get(pk=self.child.client_id)

    @rule(held=st.sampled_from([False, False, True]))
    def hold(self, held):
        if held:
            told: dict[str, Any] = {"cause": "report", "actor": SETTING_UP}
            done = self.attempt(lambda: quarantine(self.child, at=self.at, **told))
        else:
            done = self.attempt(lambda: release(self.child, actor=SETTING_UP, at=self.at))
        if done is not None:
            self.held = held

    @rule(name=st.sampled_from(NAMES[:3]), really=st.sampled_from([False, False, False, True]))
    def erase(self, name, really):
        if really and name not in self.erased:
            amina = self.cast.actor("amina")
            self.attempt(lambda: erase_subject(self.people[name], actor=amina, reason="subject_request", at=self.at))
            self.erased[name] = self.at

    @rule(seconds=st.sampled_from([1, 20, 60]))
    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)

    @invariant()
    def what_is_allowed_rests_on_a_guardian(self):
        if not hasattr(self, "child"):
            return
        at = self.at
        found = self.ask("process")
        yes = [
            one
            for one in self.diary.values()
            if one.says_yes
            and one.stands(at)
            and one.person not in self.erased
            and one.live(at)
            and one.person != "child"
        ]
        said = [one.last.recorded_at for one in yes if one.last]
        no = [
            one
            for one in self.diary.values()
            if one.says_no
            and one.stands(at)
            and one.verified
            and (one.person not in self.erased or all(when <= self.erased[one.person] for when in said))
        ]
        own_no = self.own_no_at is not None and all(when <= self.own_no_at for when in said)
        assert found.is_child
        strong = [one for one in yes if max(one.live(at)) >= 2]
        enough = strong if self.outside else yes
        assert found.allowed == bool(enough and not no and not own_no and not self.held), found.reason
        shares = {one.person: one.last.shares for one in yes if one.last}
        may_share = bool(strong) and all(shares[one.person] for one in strong) and False not in shares.values()
        shared = self.ask("share").allowed
        assert shared == (self.outside and found.allowed and may_share)
        self.reached[str(found.reason) + (" and shared" if shared else "")] += 1
        if not AgeChange.objects.filter(subject=self.child, state="approved").exists():
            of_age_at = Subject.objects.get(pk=self.child.pk).of_age_at
            assert of_age_at is None or of_age_at > at

    def ask(self, action):
        question = Question(purpose=PURPOSE, action=action, recipient="host", at=self.at)
        actor = self.cast.key_actor("indus")
        return decide_one(actor, self.child.client_id, "gate-child", question, now=self.at)


def test_what_is_allowed_of_a_child_rests_on_a_live_decision_of_a_verified_guardian(cast):
    machine: Any = type("GateOfThisRun", (Gate,), {"cast": cast, "reached": Counter()})
    examples = max(1, STEPS // STEPS_OF_ONE)
    steps = settings(
        max_examples=examples,
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=steps)
    for reason in ("permitted", "refused", "withdrawn", "lapsed", "quarantined", "required", "shared"):
        assert any(reason in one for one in machine.reached), (reason, machine.reached)


ZONES = ("Asia/Karachi", "America/New_York", "Pacific/Kiritimati")
BORN = {"an ordinary day": (date(2013, 12, 1), date(2026, 12, 1)), "29 February": (date(2016, 2, 29), date(2029, 3, 1))}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("born", BORN)
def test_to_the_second_a_guardian_decides_until_the_birthday_begins_where_the_school_is(cast, zone, born):
    birth_date, birthday = BORN[born]
    begins = datetime.combine(birthday, time.min, ZoneInfo(zone)).astimezone(UTC)
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        client.time_zone = zone
        change_client(client, actor=cast.actor("amina"), reason="review", at=START)
        SubjectFactory(client=client, external_id="turning", birth_date=birth_date, at=START)
        actor, found = cast.key_actor("indus"), {}
        for seconds in (-1, 0, 1):
            at = begins + timedelta(seconds=seconds)
            question = Question(purpose="service_delivery", at=at)
            found[seconds] = decide_one(actor, client.pk, "turning", question, now=at)
    assert [found[seconds].is_child for seconds in (-1, 0, 1)] == [True, False, False]
    assert (str(found[-1].reason), found[-1].valid_until) == ("guardian_consent_required", begins)
    assert found[0].allowed


# A family from sign-up at 11 to 22: one child lives in Pakistan, the other in Germany.


DAY = timedelta(days=1)
CLOSED, OPEN = "guardian_consent_required", "permitted"
# age, a day before or after the birthday; the decision in Pakistan (13, PakTaleem's promise), in Germany (16, GDPR Art.
# 8(1)); whether the mother has access (until 18, Majority Act 1875, section 3)
LIFE = [
    (12, -DAY, CLOSED, CLOSED, True),
    (13, -DAY, CLOSED, CLOSED, True),
    (13, DAY, OPEN, CLOSED, True),
    (16, -DAY, OPEN, CLOSED, True),
    (16, DAY, OPEN, OPEN, True),
    (18, -DAY, OPEN, OPEN, True),
    (18, DAY, OPEN, OPEN, False),
    (22, DAY, OPEN, OPEN, False),
]


@pytest.fixture
def family(cast, now):
    with in_client(cast.client_id("indus")):
        indus = Client.objects.get(pk=cast.client_id("indus"))
        born = (now - DAY).date().replace(year=now.year - 11, day=1)
        mother = make_guardian(indus, "mother", at=now)
        for name, country in (("home", ""), ("abroad", "DE")):
            facts = {"external_id": name, "birth_date": born, "country": country}
            child = SubjectFactory(client=indus, role="student", at=now, **facts)
            verified_guardian(child, mother, at=now)
        yield mother, born


@pytest.mark.parametrize("stage", LIFE)
def test_who_decides_follows_the_law_where_the_child_lives(cast, now, family, stage):
    age, shift, home, abroad, has_access = stage
    mother, born = family
    at = now.replace(year=born.year + age, month=born.month, day=born.day) + shift
    assert [decision_reason(cast, name, at) for name in ("home", "abroad")] == [home, abroad]
    wards = {row.child.external_id for row in list_wards(mother, at=at)}
    assert wards == ({"home", "abroad"} if has_access else set())
    assert Subject.objects.get(external_id="abroad").of_age_threshold == 16


def leave_school(child, at):
    record_subject_event(child, kind="account_closed", happened_at=at, actor=SETTING_UP, at=at)


def test_the_family_leaves_the_school_and_is_forgotten_with_certificates(cast, now, family):
    """At 22 both leave: one asks for erasure, the data of the other and of their mother ends by the schedule."""
    mother, born = family
    at = now.replace(year=born.year + 22, month=born.month, day=born.day)
    home, abroad = (Subject.objects.select_related("client").get(external_id=name) for name in ("home", "abroad"))
    make_rule(home.client_id, "newsletter", "contact_details", trigger="account_closed", at=at - DAY)
    held = make_holding(home, "contact_details", ["newsletter"], collected_at=at - DAY, system=lms())
    for child in (home, abroad):
        leave_school(child, at)
    given = {"ground": "They asked for it.", "reason": "subject_request", "actor": cast.actor("amina"), "at": at}
    proposal = propose_erasure(abroad, **given)
    certificate = Certificate.objects.get(
        proposal=certified(cast, decide_erasure(proposal, approve=True, actor=second(cast), at=at), at + 3 * DAY)
    )
    assert read_body(certificate)["extent"]["kind"] == "whole"
    assert decision_reason(cast, "abroad", at + 3 * DAY) == "subject_erased"

    sweep(home.client_id, at + 30 * DAY)
    assert not Batch.objects.exists(), "a day early"
    due = at + 31 * DAY
    sweep(home.client_id, due)
    batch = order_all(approved(cast, due), due + DAY)
    answer(cast, Order.objects.open().get(subject=home), at=due + DAY)
    [count] = read_body(certify(batch, due + DAY))["counts"]
    assert (count["category"], count["state"], count["count"]) == (held.category, "disposed", 1)

    year = at + default_period("leavers")
    assert erase_leavers(home.client_id, actor=SETTING_UP, at=year - DAY) == 0, "a day early"
    assert erase_leavers(home.client_id, actor=SETTING_UP, at=year) == 1, "their mother leaves with the last child"
    for person in (home, mother):
        waive_all(cast, year, subject=person)
        assert complete_erasure(Erasure.objects.get(subject=person), actor=SETTING_UP, at=year)
        erase_leavers(home.client_id, actor=SETTING_UP, at=year)
    for person in (home, abroad, mother):
        assert find_readable(Subject.objects.get(pk=person.pk)) == []
    assert [decision_reason(cast, name, year) for name in ("home", "abroad")] == ["subject_erased"] * 2
