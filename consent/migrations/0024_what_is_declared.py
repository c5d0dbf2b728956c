"""What a client declares about its children is a part of its register: told beside a decision, in every process."""

from importlib import import_module

from django.db import migrations

raises_version = import_module("consent.migrations.0002_wall").raises_version


class Migration(migrations.Migration):
    dependencies = [("consent", "0023_country"), ("children", "0006_what_is_declared_in_urdu")]
    operations = [raises_version("children_childmechanism")]
