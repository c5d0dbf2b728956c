"""Django app of data subjects: sealed personal fields, one key per person, and a log of access."""

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """Data subjects."""

    name = "paktaleem.directory.people"
    label = "subjects"
