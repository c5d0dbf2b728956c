"""Signatures of Standard Webhooks 1.0, checked with the specification's test vector and library."""

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paktaleem.directory.webhooks.signing import SECRET_BYTES, headers_of, new_secret, secret_bytes, signature


def test_the_test_vector_of_the_specification_is_reproduced():
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_a_prefix_and_32_random_bytes():
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(secret_bytes(one)) == SECRET_BYTES


def test_during_rotation_the_reference_library_verifies_with_either_secret():
    old, new, body = new_secret(), new_secret(), json.dumps({"type": "webhook.test"}).encode()
    headers = headers_of([new, old], message_id="0192", timestamp=int(time.time()), body=body)
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers) == {"type": "webhook.test"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body + b" ", headers)
