"""Conditions of partial indexes are written into the statements, so that their generic plans can use these indexes."""

from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.tenancy.indexes import Constant
from rights.mailbox.models import WAITING, MailMessage


def test_messages_to_look_at_are_found_by_an_index_of_their_states():
    sql, params = MailMessage.objects.open().query.sql_with_params()
    assert all(f"'{state}'" in sql for state in WAITING)
    assert not set(WAITING) & set(params)


def test_quotes_and_percent_signs_of_a_constant_stay_in_its_value():
    sql, params = Order.objects.filter(kind=Constant("it's 5%"), ended_at__lte=timezone.now()).query.sql_with_params()
    assert "'it''s 5%%'" in sql
    assert len(params) == 1
