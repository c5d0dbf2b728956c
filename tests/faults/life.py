"""The life of one order, ended before its n-th statement for each n: a program.

``python -m tests.faults.life KEY CLIENT SUBJECT STEP`` forks a process for n = 1, 1 + STEP, … until one completes. Each
process that died is followed by one that continues as callers do, with the same idempotency keys. At the end it prints
at how many points a life was ended.
"""

import os
import sys
import uuid
from functools import partial

import django
from django.db import connections

DIED = 9
ORDERS = "/api/v1/orders"
KINDS_OF_POINT = ("default", "aside")


def main():
    key, client_id, subject_id, step = sys.argv[1:]
    live(key, client_id, subject_id, "warm")
    connections.close_all()
    points, number = 0, 1
    while ended_early(partial(die_before, number), key, client_id, subject_id, str(number)):
        assert not ended_early(lambda: None, key, client_id, subject_id, str(number)), "it did not go on"
        points, number = points + 1, number + int(step)
    sys.stdout.write(f"{points}\n")


def ended_early(prepare, *about):
    pid = os.fork()
    if pid == 0:
        prepare()
        live(*about)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in {0, DIED}, f"it failed otherwise: {status}"
    return status == DIED


def die_before(number):
    """End this process before its n-th statement or commit, on any connection."""
    left = number

    def count():
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(DIED)

    def before(execute, *told):
        count()
        return execute(*told)

    for alias in KINDS_OF_POINT:
        connection = connections[alias]
        connection.execute_wrappers.append(before)
        connection.commit = committing(connection.commit, count)  # type: ignore[method-assign]  # the commit that is counted


def committing(commit, count):
    def counted():
        count()
        commit()

    return counted


def live(key, client_id, subject_id, name):
    from django.test import Client  # noqa: PLC0415 -- needs the app registry

    order_id = issued(client_id, subject_id, uuid.uuid5(uuid.NAMESPACE_OID, name))
    caller = Client(headers={"Authorization": f"Bearer {key}", "Host": "localhost"})
    [listed] = [one for one in caller.get(ORDERS).json()["orders"] if one["id"] == order_id] or [None]
    assert listed is not None or caller.get(f"{ORDERS}/{order_id}").json()["answered_at"]
    for act, body in (("accept", {}), ("complete", {"result": "done", "counts": {"usage_logs": 1}})):
        once = {"Idempotency-Key": f'"{act}-{name}"'}
        answer = caller.post(f"{ORDERS}/{order_id}/{act}", body, content_type="application/json", headers=once)
        assert answer.status_code == 200, answer.content


def issued(client_id, subject_id, parent):
    from django.utils import timezone  # noqa: PLC0415 -- as above

    from paktaleem.directory.data_systems.models import Order  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.selectors import Parent  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.services.issuing import issue_orders  # noqa: PLC0415 -- as above
    from paktaleem.directory.people.models import Subject  # noqa: PLC0415 -- as above
    from paktaleem.foundation.accounts.actors import system_actor  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import OrderSpecFactory  # noqa: PLC0415 -- as above

    at = timezone.now()
    told = OrderSpecFactory(at=at, parent=Parent("test_case", parent))
    with in_client(uuid.UUID(client_id)):
        there = Order.objects.filter(client_id=client_id, parent_id=parent).first()
        if there is not None:
            return str(there.pk)
        person = Subject.objects.get(pk=subject_id, client_id=client_id)
        [made] = issue_orders(person, told, actor=system_actor("faults"), at=at)
        return str(made.pk)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
    django.setup(set_prefix=False)
    main()
