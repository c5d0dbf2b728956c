"""A server process killed around the commit (SIGKILL): a retry with the same key takes effect once in total."""

import json

import pytest

from consent.consents.models import ConsentEvent
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.web.api.models import KeptAnswer
from tests.api.callers import Caller
from tests.api.test_idempotency import CONSENTS, KEY, consent_body
from tests.serving import call, is_alive, served, set_environment


@pytest.fixture
def lost(committed, tmp_path):
    """Return the file with the response that a killed server did not send."""
    with set_environment(LOST_ANSWER=str(tmp_path / "lost")):
        yield tmp_path / "lost"


def post(port, secret, body, **headers):
    told = {"Authorization": f"Bearer {secret}", "Idempotency_Key": KEY, **headers}
    status, answered, content = call(port, "POST", CONSENTS, body, **told)
    return status, answered.get("Idempotency-Replayed"), content


def recorded(cast):
    with in_client(cast.client_id("khyber")):
        return [str(event.id) for event in ConsentEvent.objects.all()], KeptAnswer.objects.count()


def kill(port, secret, body, **header):
    """Send a request that kills the server before it responds."""
    with pytest.raises(ConnectionError):
        post(port, secret, body, **header)
    assert not is_alive(port)


def test_a_server_killed_after_the_commit_replays_the_response(committed, lost, tmp_path):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    with served(tmp_path / "first") as port:
        kill(port, secret, body, X_Die_After_Commit="1")
    there = recorded(committed)
    assert there == ([json.loads(lost.read_bytes())["events"][0]["id"]], 1)
    with served(tmp_path / "second") as port:
        assert post(port, secret, body) == (201, "true", lost.read_bytes())
        assert post(port, secret, body) == (201, "true", lost.read_bytes())
    assert recorded(committed) == there


def test_a_server_killed_before_the_commit_leaves_the_key_free(committed, lost, tmp_path):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    with served(tmp_path / "first") as port:
        kill(port, secret, body, X_Die_Before_Commit="1")
    assert recorded(committed) == ([], 0)
    with served(tmp_path / "second") as port:
        status, replayed, answer = post(port, secret, body)
    assert (status, replayed) == (201, None)
    assert recorded(committed) == ([json.loads(answer)["events"][0]["id"]], 1)
