"""``manage.py reseal_second_factors``: re-encrypt the secrets of second factors under the current wrapping key."""

from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.staff.sign_in.adapters import reencrypt_second_factors
from paktaleem.foundation.tenancy.context import in_global


class Command(BaseCommand):
    help = "Re-encrypt the secrets of second factors under the current wrapping key."

    def handle(self, *_: object, **__: object) -> None:
        with in_global():
            done, lost = reencrypt_second_factors()
        self.stdout.write(f"{done:,} second factors re-encrypted.")
        if lost:
            raise CommandError(f"{lost:,} second factors cannot be decrypted: their key is missing. Reset them.")
