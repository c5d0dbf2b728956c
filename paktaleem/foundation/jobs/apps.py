"""App configuration of the worker."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """The worker; the queue's tables are Procrastinate's."""

    name = "paktaleem.foundation.jobs"
    label = "worker"
