"""The cast."""

from paktaleem.foundation.tenancy.context import in_client


def test_the_cast_is_there(cast):
    with in_client(cast.client_id("indus")):
        assert cast.subject("danish").external_id == "lms-danish"
