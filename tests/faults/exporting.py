"""Writes a large export as the worker's job does: a program to be killed (``python -m tests.faults.exporting``)."""

import sys

import django


def main() -> None:
    """Write the export of a client, both named on the command line."""
    django.setup()
    from paktaleem.directory.files.exports.tasks import write_export  # noqa: PLC0415 -- needs the settings

    write_export(*sys.argv[1:])


if __name__ == "__main__":
    main()
