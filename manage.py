#!/usr/bin/env python3
"""Run a management command; without DATABASE_URL, on the embedded database."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from paktaleem.foundation.embedded.layout import ClusterError
from paktaleem.foundation.operations.logs import name_command
from paktaleem.office.demo.trial import environment


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
    name_command(sys.argv)
    try:
        with environment(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except ClusterError as error:
        sys.exit(f"{error}")
    except ImproperlyConfigured as refusal:  # a setting that is missing or wrong
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
