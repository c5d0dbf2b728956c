"""Alerts of stuck orders: one email per order and state, to the people who can act."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from paktaleem.directory.data_systems.models import OrderAlert
from paktaleem.directory.data_systems.services.fulfilment import accept_order, raise_alerts
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.tasks import alert_stuck_orders
from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.factories import SETTING_UP

LATER = timedelta(days=2)


def look(at):
    with time_machine.travel(at, tick=False):
        alert_stuck_orders(0)


def letters(client_id):
    with in_client(client_id):
        return sorted(Letter.objects.filter(kind="orders_stuck").values_list("user__email", flat=True))


def test_a_clients_administrators_get_one_email(cast, spec, now):
    make_stuck(cast, spec, now, "usage_logs")
    look(now + timedelta(hours=23))
    assert letters(cast.client_id("indus")) == []
    for hours in (0, 1, 2):
        look(now + LATER + timedelta(hours=hours))
    assert letters(cast.client_id("indus")) == ["farah@indus.example"]
    assert letters(PAKTALEEM) == letters(cast.client_id("khyber")) == []


def test_officers_get_emails_about_paktaleems_own_systems(cast, spec, now):
    make_stuck(cast, spec, now, "billing")
    look(now + LATER)
    look(now + LATER + timedelta(hours=1))
    assert letters(PAKTALEEM) == ["amina@paktaleem.example"]
    assert letters(cast.client_id("indus")) == []


def test_an_order_stuck_in_another_state_is_reported_again(cast, spec, now):
    order = make_stuck(cast, spec, now, "usage_logs")
    look(now + LATER)
    with in_client(cast.client_id("indus")):
        accept_order(order, actor=cast.key_actor("indus"), at=now + LATER)
    look(now + LATER + timedelta(days=2))
    assert len(letters(cast.client_id("indus"))) == 1
    look(now + LATER + timedelta(days=4))
    assert len(letters(cast.client_id("indus"))) == 2
    with in_client(cast.client_id("indus")):
        assert sorted(OrderAlert.objects.values_list("state", flat=True)) == ["accepted", "queued"]


def test_many_stuck_orders_are_raised_in_one_statement_and_once(cast, indus, issue, django_assert_num_queries, now):
    for person in ("danish", "hamza", "iqra"):
        issue(person=person)
    with django_assert_num_queries(3):  # with its savepoint
        raised = raise_alerts(indus.id, at=now + LATER)
    assert raised == (3, 0)
    assert raise_alerts(indus.id, at=now + LATER) == (0, 0)
    same = OrderAlert.objects.earliest("id")
    same.pk = new_id()
    with pytest.raises(IntegrityError, match="orderalert_once_a_state"), transaction.atomic():
        same.save(force_insert=True)


def make_stuck(cast, spec, now, category):
    with in_client(cast.client_id("indus")):
        asked = spec(categories=(category,))
        return issue_orders(cast.subject("danish"), asked, actor=SETTING_UP, at=now)[0]
