"""The web server: granian with the options that the portal needs, ``python -m paktaleem.server --port 8000``.

Any further option of granian's can be given, and replaces one of these. The portal is loaded once, here: a start that
is not safe ends at once, and a process that serves is a copy, so a new one is there as soon as one has died.
"""

import argparse
import socket
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from granian.cli import cli

APPLICATION = "paktaleem.asgi:create_application"
OPTIONS = (
    *("--interface", "asginl", "--http", "1", "--no-ws", "--factory"),
    *("--workers", "2", "--workers-kill-timeout", "5", "--respawn-failed-workers"),
    *("--http1-header-read-timeout", "10000"),  # milliseconds; the time for a body is BODY_SECONDS
)


def main() -> None:
    """Serve until terminated. Exits with a message if the start is refused or the port taken (granian shares it)."""
    parser = argparse.ArgumentParser("paktaleem.server", add_help=False, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--application", default=APPLICATION)
    ours, theirs = parser.parse_known_args()
    if not is_port_free(ours.host, ours.port):
        sys.exit(f"Port {ours.port} of {ours.host} is taken, perhaps by another portal. End that, or choose another.")
    try:
        import_module(ours.application.partition(":")[0])
    except ImproperlyConfigured as refusal:  # an unsafe start, or a setting that is missing or wrong
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)
    cli([*OPTIONS, "--host", ours.host, "--port", str(ours.port), *theirs, ours.application])


def is_port_free(host: str, port: int) -> bool:
    """Return True if the port can be bound by us alone; existing listeners are not disturbed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
