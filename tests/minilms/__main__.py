"""The platform's commands: ``python -m tests.minilms register stu-7 --full-name "Zara Khan"``.

PORTAL is the portal's address, KEY an API key, LMS_DATABASE the file of the platform's own database.
"""

import argparse
import json
import logging
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.minilms.deciding import may
from tests.minilms.hooks import Hooks, subscribe
from tests.minilms.orders import take_open_orders
from tests.minilms.people import consent, register, store_record
from tests.minilms.portal import Portal, Refused
from tests.minilms.store import Store


def main() -> None:
    """Do one command."""
    asked = _parser().parse_args()
    portal = Portal(os.environ["PORTAL"], os.environ["KEY"])
    path = Path(os.environ["LMS_DATABASE"])
    try:
        with closing(Store(path)) as store:
            said = asked.do(asked, store, portal)
    except Refused as refused:
        sys.exit(f"The portal refused it: {refused}")
    if said is not None:
        sys.stdout.write((said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.minilms", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, do: Any, *arguments: str, **options: dict[str, Any]) -> None:
        one = commands.add_parser(name, help=do.__doc__)
        for argument in arguments:
            one.add_argument(argument)
        for option, how in options.items():
            one.add_argument(f"--{option.replace('_', '-')}", **how)
        one.set_defaults(do=do)

    command("register", _register, "person", role={"default": "learner"}, full_name={}, email={}, birth_date={})
    command("ask", _ask, "person", "purpose", action={"default": "process"})
    command("consent", _consent, "person", "purpose", "state", language={"default": "en"})
    why: dict[str, Any] = {"purpose": {"default": "service_delivery"}, "occasion": {"default": "assessment"}}
    command("record", _record, "person", "category", "data", **why)
    command("show", _show, "person")
    command("subscribe", _subscribe, "url")
    command("orders", _orders)
    command("serve", _serve, port={"type": int, "required": True})
    return parser


def _register(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Register a person."""
    known = {name: getattr(asked, name) for name in ("role", "full_name", "email", "birth_date")}
    return register(store, portal, asked.person, **{name: value for name, value in known.items() if value is not None})


def _ask(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Ask whether a person's data may be used for a purpose."""
    decision = may(store, portal, asked.person, asked.purpose, action=asked.action)
    return f"{'yes' if decision.allowed else 'no'}: {decision.reason}"


def _consent(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Show the text about a purpose, and record an answer."""
    return consent(store, portal, asked.person, asked.purpose, asked.state, language=asked.language)


def _record(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Keep something a person did, if it may be collected, and report it."""
    why = {"purpose": asked.purpose, "occasion": asked.occasion}
    decision = store_record(store, portal, asked.person, asked.category, asked.data, **why)
    return "kept" if decision.allowed else f"not kept: {decision.reason}"


def _show(asked: argparse.Namespace, store: Store, portal: Portal) -> Any:
    """Show all that is held of a person."""
    del portal
    return store.held(asked.person)


def _subscribe(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Have the portal tell us at an address."""
    return subscribe(store, portal, asked.url)


def _orders(asked: argparse.Namespace, store: Store, portal: Portal) -> str:
    """Carry out all orders that wait."""
    del asked
    found, wait = take_open_orders(store, portal)
    return f"{found} carried out; ask again in {wait} s"


def _serve(asked: argparse.Namespace, store: Store, portal: Portal) -> None:
    """Receive what the portal tells, and act upon it."""
    del store
    Hooks(Path(os.environ["LMS_DATABASE"]), portal, asked.port).serve()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
