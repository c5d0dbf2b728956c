"""The platform's commands: ``python -m integrations.minilms register stu-7 --full-name "Zara Khan"``.

PORTAL is the portal's URL, KEY an API key, LMS_DATABASE the file of the platform's own database.
"""

import argparse
import json
import logging
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from integrations.minilms.deciding import may
from integrations.minilms.hooks import Hooks, subscribe
from integrations.minilms.inventories import answer_inventories
from integrations.minilms.orders import take_open_orders
from integrations.minilms.people import consent, register, store_record
from integrations.minilms.portal import Portal, Refused
from integrations.minilms.store import Store


def main() -> None:
    """Run one command."""
    options = _parser().parse_args()
    portal = Portal(os.environ["PORTAL"], os.environ["KEY"])
    path = Path(os.environ["LMS_DATABASE"])
    try:
        with closing(Store(path)) as store:
            said = options.do(options, store, portal)
    except Refused as refused:
        sys.exit(f"The portal refused it: {refused}")
    if said is not None:
        sys.stdout.write((said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m integrations.minilms", description=__doc__)
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
    command("inventories", _inventories)
    command("serve", _serve, port={"type": int, "required": True})
    return parser


def _register(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    known = {name: getattr(options, name) for name in ("role", "full_name", "email", "birth_date")}
    return register(
        store, portal, options.person, **{name: value for name, value in known.items() if value is not None}
    )


def _ask(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    decision = may(store, portal, options.person, options.purpose, action=options.action)
    return f"{'yes' if decision.allowed else 'no'}: {decision.reason}"


def _consent(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    return consent(store, portal, options.person, options.purpose, options.state, language=options.language)


def _record(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    why = {"purpose": options.purpose, "occasion": options.occasion}
    decision = store_record(store, portal, options.person, options.category, options.data, **why)
    return "kept" if decision.allowed else f"not kept: {decision.reason}"


def _show(options: argparse.Namespace, store: Store, portal: Portal) -> Any:
    del portal
    return store.held(options.person)


def _subscribe(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    return subscribe(store, portal, options.url)


def _orders(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    del options
    found, wait = take_open_orders(store, portal)
    return f"{found} carried out; ask again in {wait} s"


def _inventories(options: argparse.Namespace, store: Store, portal: Portal) -> str:
    del options
    return f"{answer_inventories(store, portal)} answered"


def _serve(options: argparse.Namespace, store: Store, portal: Portal) -> None:
    del store
    Hooks(Path(os.environ["LMS_DATABASE"]), portal, options.port).serve()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
