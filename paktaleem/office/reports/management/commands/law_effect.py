"""``manage.py law_effect PROFILE``: what the next period of a law profile changes at each client."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.law.profiles import read_law
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.law_effects import measure_effect


class Command(BaseCommand):
    """Print one line for each client of the profile, and for others whose people it concerns. Nothing changes."""

    help = "Count what the next period of a law profile changes at each client. Nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("profile", help="The code of a law profile, such as eu.")

    def handle(self, *_: object, profile: str, **__: object) -> None:
        law = read_law(settings.LAW_PROFILES)
        if profile not in law.profiles:
            raise CommandError(f"Unknown profile: use one of {', '.join(sorted(law.profiles))}.", returncode=2)
        today = wall_clock_now().date()
        coming = [period.starts for period in law.profiles[profile].periods if period.starts > today]
        if not coming:
            raise CommandError("This profile has no coming period.", returncode=2)
        self.stdout.write(f"{profile}: from {coming[0]}")
        for client_id in list_client_ids():
            with in_client(client_id):
                client = Client.objects.get(pk=client_id)
                effect = measure_effect(client, coming[0], at=client_now())
            concerned = effect.new_children + effect.no_longer_children + effect.new_consents
            if client.law_profile.code == profile or concerned:
                self.stdout.write(
                    f"{client.code}: {effect.new_children} more need a guardian, {effect.no_longer_children} no longer "
                    f"do; marketing to {effect.new_consents} more needs consent; {effect.requests_kept} open requests "
                    f"and {effect.breaches_kept} breaches keep their dates"
                )
