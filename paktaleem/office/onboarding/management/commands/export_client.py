"""``manage.py export_client CODE``: write a client as a file that load_client reads."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.onboarding.files.exporting import export_client
from paktaleem.office.onboarding.files.reading import write_yaml

INVALID = 2


class Command(BaseCommand):
    """Print a client as YAML or JSON; loading it changes nothing."""

    help = "Print a client as a file for load_client, without the names and addresses of people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the client's code and the format."""
        parser.add_argument("code", metavar="CODE", help="Code of the client.")
        parser.add_argument("--format", choices=["yaml", "json"], default="yaml")

    def handle(self, *_: Any, code: str, **options: Any) -> None:
        """Print the client."""
        client_id = find_client_by_code(code)
        if client_id is None or client_id == PAKTALEEM:
            raise CommandError(f"No client has the code “{code}”.", returncode=INVALID)
        with in_client(client_id):
            document = export_client(Client.objects.get(pk=client_id), at=client_now())
        is_json = options["format"] == "json"
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) if is_json else write_yaml(document))
