"""The worker as a Django app."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """Has no tables of its own: the queue's are Procrastinate's."""

    name = "paktaleem.foundation.jobs"
    label = "worker"
