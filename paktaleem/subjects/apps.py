"""About whom: data subjects, their sealed personal fields, one key per person, who looked and why."""

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """Subjects."""

    name = "paktaleem.subjects"
    label = "subjects"
