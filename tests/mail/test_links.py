"""Every link in an email has a scheme and a host."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from paktaleem.directory.mail.kinds import list_message_kinds
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.factories import SETTING_UP


def test_every_link_in_an_email_has_a_host(cast, now):
    linked = [kind for kind in list_message_kinds() if "url" in kind.fields]
    assert linked
    for kind in linked:
        given = dict.fromkeys(kind.fields, "1") | {"url": "/admin/"}
        with in_client(PAKTALEEM), pytest.raises(ValueError, match="no host"):
            send_message(kind.code, to=cast.user("amina"), client_id=PAKTALEEM, context=given, actor=SETTING_UP, at=now)


def test_an_address_is_built_from_the_public_one(settings):
    settings.PUBLIC_URL = "https://privacy.school.example:8443/"
    assert build_public_url("/admin/") == "https://privacy.school.example:8443/admin/"


def test_without_a_public_address_none_is_built_except_in_a_trial(settings):
    settings.PUBLIC_URL = ""
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL"):
        build_public_url("/admin/")
    settings.SESSION_COOKIE_SECURE = False
    assert build_public_url("/admin/") == "http://127.0.0.1:8000/admin/"
