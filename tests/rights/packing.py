"""Make, build and open copies of a person's data in tests."""

import io
import json
import zipfile

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    add_part,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    propose_waiver,
)
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome, Section
from paktaleem.directory.files.services import iterate_file
from paktaleem.foundation.accounts.actors import person_actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.packages.models import Package
from rights.packages.services import build_package, fetch_package
from tests.factories import SETTING_UP
from tests.rights.cases import AT, decided, received

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
DATA = [{"opened": "Algebra", "score": 7}]


def orders_of(request):
    found = Order.objects.select_related("system").filter(parent_id=request.pk, kind="collect").order_by("pk")
    return {order.system.code: order for order in found}


def answered(cast, request, *files, at=AT):
    """Let the systems answer: the LMS with a section and files, billing that it holds nothing; others are waived."""
    key, orders = cast.key_actor("indus"), orders_of(request)
    lms = accept_order(orders["lms"], actor=key, at=at)
    for content in files:
        add_part(lms, io.BytesIO(content), category="usage_logs", actor=key, at=at)
    complete_order(lms, Answer(Outcome.DONE, sections=(Section("content", DATA),)), actor=key, at=at)
    none = Answer(Outcome.NOT_APPLICABLE, reason=Exemption.HOLDS_NONE)
    carry_out_by_hand(orders["billing"], none, actor=cast.actor("amina"), at=at)
    second = user_actor(cast.user_id("bilal"), "privacy_officer", PAKTALEEM)
    for code in orders.keys() - {"lms", "billing"}:
        propose_waiver(orders[code], ground="Shut down.", actor=cast.actor("amina"), reason=Reason.REVIEW, at=at)
        approve_waiver(orders[code], actor=second, at=at)


def package_of(request):
    return Package.objects.filter(request=request).order_by("-pk")[0]


def built(cast, *kinds, files=(PNG,), at=AT, **given):
    request = decided(cast, received(cast, *(kinds or ("access",)), at=at, **given), at=at)
    answered(cast, request, *files, at=at)
    assert build(request, at=at) is not None
    request.refresh_from_db()
    return request


def build(request, at=AT):
    return build_package(package_of(request).pk, client_id=request.client_id, actor=SETTING_UP, at=at)


def fetched(cast, request, *, by="hamza", at=AT, code="now"):
    """Fetch a copy as a person with a code entered at a time, by default now; return the archive."""
    person = cast.subject(by)
    actor = person_actor(person.pk, person.client_id, acts_for=person.pk)
    entered = at if code == "now" else code
    _package, content = fetch_package(request, person=person, code_entered_at=entered, now=at, actor=actor, at=at)
    return b"".join(content)


def content_of(package):
    assert package.file is not None
    return b"".join(iterate_file(package.file))


def unpacked(archive):
    """Return the files of an archive, after a check of every entry."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def data_in(files, path="data.json"):
    return json.loads(files[path])
