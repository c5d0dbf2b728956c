"""Second factors when wrapping keys change."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from paktaleem.foundation.encryption.keyring import with_new_epoch, without_epoch
from paktaleem.foundation.tenancy.context import in_global
from tests.cast import Cast
from tests.signin.visiting import Visitor


def kept() -> set[str]:
    with in_global():
        return {str(one.data.get("secret", one.data.get("seed"))) for one in Authenticator.objects.all()}


def test_re_encrypted_secrets_work_without_the_old_key(enrolled_amina: Visitor, settings, capsys):
    settings.KEYRING = with_new_epoch(settings.KEYRING)
    call_command("reseal_second_factors")
    assert capsys.readouterr().out == "1 second factors re-encrypted.\n"
    assert all(secret.startswith("2.") for secret in kept())
    settings.KEYRING = without_epoch(settings.KEYRING, 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 302
    assert enrolled_amina.is_in


def test_without_its_key_a_secret_is_reported_and_no_code_works(enrolled_amina: Visitor, settings):
    settings.KEYRING = without_epoch(with_new_epoch(settings.KEYRING), 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 200
    assert not enrolled_amina.is_in
    with pytest.raises(CommandError, match="1 second factors cannot be decrypted"):
        call_command("reseal_second_factors")


def test_a_session_encrypted_under_a_removed_key_ends(cast: Cast, enrolled_amina: Visitor, settings):
    enrolled_amina.enter()
    enrolled_amina.verify()
    assert enrolled_amina.is_in
    settings.KEYRING = json.dumps(json.loads(without_epoch(with_new_epoch(settings.KEYRING), 1)))
    assert not enrolled_amina.is_in
