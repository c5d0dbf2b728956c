"""Consent on paper: forms for a class of Indus and for guardians, and an answer sheet whose rows wait in the queue."""

from datetime import datetime
from zoneinfo import ZoneInfo

from consent.paper.codes import format_code
from consent.paper.models.forms import Addressee, FormPage, FormRun
from consent.paper.services.forms import make_form
from consent.paper.services.sheets import upload_sheet
from paktaleem.development.demo.people import external_id_of
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

_CLASS = ("danish", "talha", "urwa", "rayyan", "mahnoor")
_PURPOSES = ("newsletter", "product_research")
_CHILDREN = ("danish", "noor")


def fill_paper(client: Client, *, actor: Actor, at: datetime) -> None:
    """Create a form for a class and one for guardians, and upload a sheet of the first.

    The rows of the sheet: matching ones, a mistyped code, a conflict, and a guardian's answer on the wrong form.
    """
    if FormRun.objects.filter(client=client).exists():
        return
    people = Subject.objects.select_related("client").filter(client=client)
    children = people.filter(external_id__in=[external_id_of(one) for one in _CHILDREN]).order_by("external_id")
    make_form(
        client,
        name="Grade 3 A",
        purposes=_PURPOSES,
        people=children,
        addressee=Addressee.GUARDIAN,
        actor=actor,
        at=at,
    )
    people = people.filter(external_id__in=[external_id_of(one) for one in _CLASS])
    run = make_form(
        client, name="Grade 8 A", purposes=_PURPOSES, people=people.order_by("external_id"), actor=actor, at=at
    )
    pages = FormPage.objects.filter(client_id=client.pk, run=run).select_related("subject")
    codes = {page.subject.external_id: format_code(page.code) for page in pages}
    day = at.astimezone(ZoneInfo(client.time_zone)).date().isoformat()
    of = {one: codes[external_id_of(one)] for one in _CLASS}
    mistyped = of["urwa"][:-1] + ("2" if of["urwa"][-1] != "2" else "3")
    rows = [
        (of["talha"], "yes", "no", "self", "paper", "Folder 8 A, form 2"),
        (mistyped, "yes", "yes", "self", "paper", "Folder 8 A, form 3"),
        (of["rayyan"], "yes", "", "self", "phone", "Call of the office"),
        (of["rayyan"], "no", "", "self", "paper", "Folder 8 A, form 4"),
        (of["danish"], "yes", "yes", "guardian", "paper", "Folder 8 A, form 1"),
    ]
    lines = ["code,newsletter,product_research,answered_by,method,answered_on,note"]
    lines += [f'{code},{first},{second},{by},{method},{day},"{note}"' for code, first, second, by, method, note in rows]
    upload_sheet("\n".join(lines).encode(), client=client, actor=actor, at=at)
