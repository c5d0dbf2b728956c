"""The cast."""

from paktaleem.foundation.tenancy.context import in_client


def test_the_cast_exists(cast):
    with in_client(cast.client_id("indus")):
        assert cast.subject("danish").external_id == "lms-danish"
