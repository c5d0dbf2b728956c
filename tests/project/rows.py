"""Create a row of Indus for every model of the console, to which every act applies."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone

from children.ageing.models import AgeNotice
from children.guardians.models import Guardianship, ProviderCheck, Quarantine
from children.guardians.services.answers import quarantine
from children.guardians.services.checks import authorise_by_school, declare_mechanism
from children.guardians.services.guardians import end_guardian
from children.invitations.services.inviting import invite_guardian
from consent.agreements.services import add_contact, add_document, attest_duties, sign_agreement
from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.cookies.models import ChoiceSource, Cookie, CookieChoice
from consent.cookies.services import ChoiceMade, record_choice
from consent.decisions.models import DecisionLogSetting, LogMode
from consent.decisions.services import set_decision_log
from consent.notices.models import Notice, NoticeDispatch, NoticeDraft, NoticeVersion
from consent.notices.services.publishing import answer_objection, object_to_announcement, save_draft
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
from consent.register.models.purposes import (
    BalancingTest,
    DataCategory,
    LawfulBasis,
    ListedLaw,
    Occasion,
    Purpose,
    PurposeCapacity,
)
from consent.register.risk import read_questionnaires
from consent.register.services import change_register, request_safeguard_change
from consent.sharing.services import (
    DisclosureReport,
    decide_legal_disclosure,
    report_disclosure,
    request_business_transfer,
    request_legal_disclosure,
)
from paktaleem.directory.data_systems.models import Ground, Order, OrderAlert, OrderKind, OrderSet, System
from paktaleem.directory.data_systems.services.fulfilment import accept_order, fail_order, propose_waiver, raise_alerts
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders, issue_orders_for_set
from paktaleem.directory.data_systems.services.registering import propose_system_end
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import AgeRoute, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import complete_erasure, erase_subject, request_readmission
from paktaleem.directory.people.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.directory.schools.rosters.importing.uploads import upload_roster
from paktaleem.directory.security.security_events.services import count_refusal
from paktaleem.directory.staff.access_reviews.services import advance_reviews
from paktaleem.directory.staff.single_sign_on.models import SignOnLink
from paktaleem.directory.staff.single_sign_on.services import decide_provider
from paktaleem.directory.webhooks.services import disable_endpoint
from paktaleem.foundation.accounts.actors import system_actor, user_actor
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import Colleague, change_membership, invite_colleague, invite_user
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.upkeep.periods.models import PortalPeriod
from paktaleem.foundation.upkeep.periods.services import request_period_change
from paktaleem.office.exits.models import AgreementExit
from paktaleem.office.reports.models import UseFinding
from paktaleem.office.reports.regulator.services import GATHER, fail_pack, gather_section, request_pack
from retention.breaches.services import notify_authority, request_closing, write_to_client, write_to_people
from retention.data_map.models import MapLine
from retention.data_map.services import declare_line
from retention.disposals.models import Batch
from retention.disposals.services.batches import open_disposal
from retention.holdings.models import FlaggedCollection, Holding
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.inventories.models import AskedFor, InventoryLine
from retention.inventories.services import Count, answer_inventory, order_inventories
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, lift_hold, place_hold
from rights.desk.cases import open_case
from rights.desk.services import add_task
from rights.erasures.models import ErasureProposal
from rights.erasures.services.progress import continue_erasure
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from rights.mailbox.intake import parse_mail
from rights.mailbox.models import MailMessage
from rights.mailbox.services import ReceivedMail, store_mail
from rights.rectifications.disagreements import state_disagreement
from rights.rectifications.selectors import list_notices
from rights.rectifications.services import (
    Statement,
    add_correction,
    list_recipients_to_inform,
    record_informed,
)
from rights.requests.services.clock import extend_request, pause_request
from rights.requests.services.closing import answer_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts
from tests.breaches.making import add_measures, assess, make_breach, send_letters
from tests.children.guardians import make_guardian, record_answer, verified_guardian
from tests.consent.cookies.making import make_link, make_site, make_usual_cookies
from tests.consent.making import announce, approve_by_two, make_provider, officer, prove, shown
from tests.console.pages import MODELS, admin_of
from tests.factories import BORN, CAST_AT, SETTING_UP, SubjectFactory, make_system
from tests.merges.making import linked, proposed, second_record
from tests.paper.typing_in import enter, form_for, page_of, said
from tests.retention.schedule.making import make_rule
from tests.rights.packing import built
from tests.schools.making import enrolled, given, record
from tests.security_assessments.making import make_assessment
from tests.sharing.making import demand, transfer
from tests.single_sign_on.making import propose_sign_on
from tests.webhooks.receiving import make_endpoint, make_given_up

AT = CAST_AT + timedelta(hours=1)
_LEAVING = ("leaver", "left", "asking")
BY: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.ONBOARDING, "at": AT}


def rows_of_indus(cast):
    client_id = cast.client_id("indus")
    opposed = _opposed_recipient(cast)
    with in_client(PAKTALEEM):
        acquisition = request_business_transfer(transfer(AT), actor=officer(), at=AT)
    count_refusal("key.not_allowed", actor=cast.key_actor("indus"), address=None, at=AT)
    announced = prove(cast, "indus", announce(cast, AT, code="privacy_notice"), AT)
    with in_client(client_id):
        object_to_announcement(announced, code="law", actor=cast.actor("farah"), at=AT)
        made = [*_register_rows(cast), *_limits(cast), _failed_letter(cast), _draft(cast), stopped_roster(cast)]
        made += [readmission_of_indus(cast), safeguard_change_of_indus(cast)]
        made += [staff_change_of_indus(cast), merge_of_indus(cast)]
        record(cast.client("indus"), given(enrolled("lms-danish"), enrolled("lms-hamza", "c9")), AT)
        colleague = _colleague_of_indus(cast)
        advance_reviews(client_id, actor=SETTING_UP, at=AT)
        invited = invite_user("new@indus.example", full_name="New Colleague", actor=cast.actor("amina"), at=AT)
        made += asked_of_indus(cast)
        ready = stopped_roster(cast, account="active")
        endpoint = make_endpoint(cast, "indus", at=AT)
        made += [endpoint, make_given_up(endpoint, at=AT)]
        off = disable_endpoint(make_endpoint(cast, "indus", at=AT), **BY)
        _answers(cast)
        guardians_of_indus(cast)
        queued = queue_of_indus(cast)
        found = {
            model: admin_of(model).model._default_manager.filter(client_id=client_id).values_list("pk", flat=True)
            for model in MODELS
            if model not in {"accounts/client", "accounts/user"}
        }
        rows = {model: keys.first() for model, keys in found.items()}
    rows |= {f"{one._meta.app_label}/{one._meta.model_name}": one.pk for one in made}
    rows["webhooks/endpoint/enable"] = off.pk  # which is off
    rows["schools/rosterimport/import"] = ready.pk
    rows["sharing/businesstransfer"] = acquisition.pk
    rows |= {f"consent/noticedispatch/{act}": opposed.pk for act in ("object", "withdraw")}  # its objection is answered
    rows["accounts/membership/invite-again"] = colleague.pk
    rows["accounts/user/invite"] = invited.pk  # who has not set a password yet
    rows |= {
        f"people/subject/{act}": cast.subject_id("danish")
        for act in ("ask-guardians", "name-guardian", "school-authorises", "moves-away", "moves-class")
    }
    rows["people/subject/not-same-person"] = cast.subject_id("junaid")
    with in_client(client_id):
        rows["people/subject/invite"] = Subject.objects.get(external_id="lms-zaras-mother").pk
        for make in _OWN_PARTS:
            rows |= make(cast)
    rows |= queued
    rows |= sign_on_of_indus(cast)
    rows |= period_change_of_paktaleem(cast)
    with in_client(PAKTALEEM):
        rows["security/securityassessment"] = make_assessment(actor=cast.actor("amina"), at=AT).pk
        unknown: dict[str, Any] = {"channel": "telephone", "contact": "zara@visitor.example", "language": "en"}
        by: dict[str, Any] = {"actor": SETTING_UP, "at": AT}
        request = receive_request(cast.client("paktaleem"), kinds=["access"], **unknown, **by)
        rows["requests/rightsrequest/register-sender"] = request.pk
    return {**rows, "accounts/client": client_id, "accounts/user": cast.user_id("farah")}


def _opposed_recipient(cast):
    with in_client(PAKTALEEM):
        cloud = make_provider(PAKTALEEM, at=AT, code="cloud")
        covered: dict[str, Any] = {"purposes": ["platform_improvement"], "categories": ["usage_logs"]}
        approve_by_two(RecipientApproval(client_id=PAKTALEEM, recipient=cloud, starts_at=AT, **covered), at=AT)
        version = NoticeVersion.objects.get(notice__code="recipients")
    dispatch: NoticeDispatch = prove(cast, "indus", version, AT)
    with in_client(cast.client_id("indus")):
        object_to_announcement(dispatch, code="law", actor=cast.actor("farah"), at=AT)
        answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=AT)
    return dispatch


def _register_rows(cast):
    own: dict[str, Any] = {"client_id": cast.client_id("indus")}
    named: dict[str, Any] = {"code": "own", "name_en": "Own", "name_ur": "اپنا", **own}
    purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("indus"))
    period: dict[str, Any] = {"starts_at": AT, **own}
    draft = ServiceAgreement(reference="draft", **period)
    recipient = Recipient(code="host", name="Host", service="Hosting", agreement_reference="A1", **own)
    words = dict.fromkeys(("interest", "necessity", "balance"), "Said.")
    rows = [
        DataCategory(**named),
        Occasion(**named),
        ListedLaw(country="PK", citation="Own Act", **own),
        draft,
        AgreementSuspension(agreement=draft, **period),
        recipient,
        BalancingTest(purpose=purpose, **words, **own),
        LawfulBasis(purpose=purpose, role="guardian", basis="consent", **period),
        PurposeCapacity(purpose=purpose, capacity="processor", **period),
    ]
    saved = [change_register(row, **BY) for row in rows]
    return [*saved, approve_by_two(RecipientApproval(recipient=recipient, **period), at=AT)]


def agreements_of_indus(cast):
    client = cast.client("indus")
    farah: dict[str, Any] = {"actor": cast.actor("farah"), "at": AT}
    own: dict[str, Any] = {"client_id": client.pk, "starts_at": AT}
    later: dict[str, Any] = {"client_id": client.pk, "starts_at": timezone.now() + timedelta(days=9)}
    running = ServiceAgreement.objects.get(client_id=client.pk, reference="MSA-indus")
    made = {
        "half": ServiceAgreement(reference="half", **own),
        "paused": ServiceAgreement(reference="paused", signed_at=AT, **own),
        "future": ServiceAgreement(reference="future", **later),
    }
    half, paused, future = (change_register(row, **BY) for row in made.values())
    add_document(half, file=BytesIO(b"%PDF-1.7"), kind="agreement", **farah)
    sign_agreement(half, ground="A new contract.", **farah)
    change_register(AgreementSuspension(agreement=paused, **own), **BY)
    purpose = Purpose.objects.get(code="newsletter", client_id=client.pk)
    coming = {
        "consent/agreementsuspension": AgreementSuspension(agreement=paused, **later),
        "consent/instruction": Instruction(agreement=paused, document="Annex 3", **later),
        "consent/lawfulbasis": LawfulBasis(purpose=purpose, role="guardian", basis="consent", **later),
        "consent/purposecapacity": PurposeCapacity(purpose=purpose, capacity="processor", **later),
    }
    draft = ServiceAgreement.objects.get(client_id=client.pk, reference="draft")
    host = Recipient.objects.get(client_id=client.pk, code="host")
    approval = approve_by_two(RecipientApproval(recipient=host, **later), at=AT)
    exits = exits_of(cast, running, half, paused, future, draft)
    person: dict[str, Any] = {"full_name": "Rabia Anwar", "email": "rabia@indus.example"}
    contact = add_contact(client, kind="notices", reason=Reason.ONBOARDING, **person, **farah)
    [attested] = attest_duties(client, ["law_complied"], **farah)
    agreement = "consent/serviceagreement/"
    return {
        **{f"{model}/cancel": change_register(row, **BY).pk for model, row in coming.items()},
        **{f"{agreement}{act}": half.pk for act in ("sign-paper", "decline", "open-document")},
        **{f"{agreement}{act}": running.pk for act in ("suspend", "extend-duties", "attest", "end")},
        "consent/recipientapproval/cancel": approval.pk,
        f"{agreement}resume": paused.pk,
        f"{agreement}cancel": future.pk,
        "agreements/clientcontact": contact.pk,
        "agreements/dutyattestation": attested.pk,
        f"{agreement}exit": running.pk,
        **exits,
    }


def exits_of(cast, *agreements):
    settled = {"state": "approved", "settled_by": cast.user_id("amina"), "settled_at": AT}
    stages: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("approve", "decline"), {"stage": "proposed"}),
        (("part", "returned", "decline-return"), {"stage": "returning", "exported": 1, **settled}),
        (("delete-data",), {"stage": "returning", "returned_at": AT, **settled}),
        (("interrupt",), {"stage": "exporting", **settled}),
        (("continue",), {"stage": "exporting", "paused_at": AT, **settled}),
    ]
    made: dict[str, Any] = {"exits/agreementexit": None}
    common: dict[str, Any] = {"choice": "return", "requested_kind": "user", "requested_by": cast.user_id("farah")}
    common["ground"] = "The client leaves."
    common |= {"requested_at": AT, "return_until": timezone.now() + timedelta(days=30), "delete_by": timezone.now()}
    ended = (
        (("certificate-json", "certificate-pdf"), {"stage": "certified", "ended_at": AT, "returned_at": AT, **settled}),
        agreements[0],
    )
    for (acts, values), agreement in (*zip(stages, agreements, strict=True), ended):
        row = AgreementExit(client_id=agreement.client_id, agreement=agreement, **common, **values)
        row.save(force_insert=True)
        made |= {f"exits/agreementexit/{act}": row.pk for act in acts}
        made["exits/agreementexit"] = row.pk
    return made


def packs_of(cast):
    client, worker = cast.client("indus"), system_actor(GATHER)
    days: dict[str, Any] = {"since": AT.date() - timedelta(days=30), "until": AT.date() - timedelta(days=1)}
    ready, failed = (request_pack(client, **days, **BY) for _ in range(2))
    while gather_section(ready.pk, client_id=client.pk, actor=worker, at=AT):
        pass
    fail_pack(failed.pk, client_id=client.pk, actor=worker, at=AT)
    return {
        "reports/regulatorpack": ready.pk,
        **{f"reports/regulatorpack/{act}": ready.pk for act in ("pdf", "zip")},
        "reports/regulatorpack/again": failed.pk,
    }


def _draft(cast):
    notice = Notice.objects.get(code="about_newsletter", client_id=cast.client_id("indus"))
    draft = NoticeDraft(client_id=notice.client_id, notice=notice, text_en="Coming.", text_ur="آنے والا")
    return save_draft(draft, **BY)


def _limits(cast):
    danish = cast.subject("danish")
    officer = {**BY, "actor": cast.actor("amina")}
    return [
        restrict_processing(danish, **officer),
        object_to_purpose(danish, purpose_code="platform_improvement", **officer),
    ]


def _failed_letter(cast):
    hamza = cast.subject("hamza")
    by = {"actor_kind": SETTING_UP.kind.value, "actor_id": SETTING_UP.id, "actor_role": SETTING_UP.role}
    letter = Letter(client_id=hamza.client_id, subject=hamza, kind="greeting", language="en", channel="mail", **by)
    letter.state, letter.last_error, letter.queued_at, letter.due_at = "failed", "refused", AT, AT
    letter.save(force_insert=True)
    return letter


def readmission_of_indus(cast):
    amina = cast.actor("amina")
    gone = SubjectFactory(client=cast.client("indus"), external_id="lms-gone", at=CAST_AT - timedelta(days=1))
    erase_subject(gone, actor=amina, reason=Reason.SUBJECT_REQUEST, at=AT)
    return request_readmission("lms-gone", ground="They asked for it.", actor=amina, client_id=gone.client_id, at=AT)


def merge_of_indus(cast):
    junaid = cast.subject("junaid")
    linked(junaid, second_record(cast), cast, AT)
    return proposed(cast.subject("junaid"), second_record(cast, external_id="lms-junaid-3"), cast, AT)


def asked_of_indus(cast):
    zara = SubjectFactory(client=cast.client("indus"), external_id="lms-zara", birth_date=BORN["child"])
    mother = SubjectFactory(
        client=cast.client("indus"), external_id="lms-zaras-mother", role="guardian", email="zara.mother@mail.example"
    )
    claim_guardian(zara, guardian=mother, relationship="parent", actor=SETTING_UP, at=AT)
    told: dict[str, Any] = {"actor": cast.actor("farah"), "at": AT}
    words: dict[str, Any] = {"details": "Somebody worries.", "channel": "form", "actor": SETTING_UP, "at": AT}
    return [
        invite_guardian(zara, guardian=mother, portal="https://privacy.example", **told),
        receive_request(cast.client("indus"), kinds=["child_concern"], language="en", **words),
    ]


def requests_of_indus(cast):
    told: dict[str, Any] = {"channel": "client", "language": "en", "actor": cast.actor("farah"), "at": AT}
    question = receive_request(cast.client("indus"), kinds=["question"], subject=cast.subject("danish"), **told)
    notice = AgeNotice(subject=cast.subject("danish"), client_id=cast.client_id("indus"), given_at=AT, guardians=1)
    for column, value in {"person": False, **actor_fields(SETTING_UP)}.items():
        setattr(notice, column, value)
    notice.save(force_insert=True)
    found = {"requests/rightsrequest/add-rights": question.pk, "ageing/agenotice": notice.pk}
    return {**found, "ageing/comingofage": cast.subject_id("danish")}


def rights_of_indus(cast):
    told: dict[str, Any] = {"channel": "telephone", "language": "en", "actor": SETTING_UP, "at": AT}
    about: dict[str, Any] = {"subject": cast.subject("hamza"), **told}
    client, farah = cast.client("indus"), cast.actor("farah")
    waiting = receive_request(client, kinds=["access"], **about)
    decided, answered = (
        receive_request(client, kinds=["rectification"], identity="lms", **about) for _ in ("decided", "answered")
    )
    for request in (decided, answered):
        add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi"), actor=farah, at=AT)
        decide_part(list_parts(request)[0], decision="granted", actor=farah, at=AT)
    answer_request(answered, text="Done.", actor=farah, at=AT)
    stated = receive_request(client, kinds=["rectification"], identity="lms", **about)
    add_correction(stated, Statement(field="full_name", new_value="Hamza Lodhi"), actor=farah, at=AT)
    paused = receive_request(client, kinds=["access"], **about)
    pause_request(paused, cause="identity", actor=farah, at=AT)
    unmatched = receive_request(client, kinds=["access"], **told)
    task = add_task(waiting, kind="ask_client", due_on=AT.date(), actor=farah, at=AT)
    copied = built(cast, subject="danish")
    answer_request(copied, text="Here is the copy.", actor=farah, at=timezone.now())
    copies = dict.fromkeys(("copy-build", "copy-hand-over", "copy-preview"), copied)
    acts = {"answer": decided, "close": answered, "resume": paused, "inform-recipient": decided, **copies}
    acts["hand-over"] = unmatched
    acts["delivered"] = receive_request(client, kinds=["access"], subject=cast.subject("iqra"), **told)
    extend_request(acts["delivered"], days=10, text="Many pages.", actor=farah, at=AT)
    acts["extend"] = receive_request(client, kinds=["access"], **{**about, "at": timezone.now()})
    acts |= dict.fromkeys(("add-correction", "refuse-correction", "restrict-meanwhile"), stated)
    refused = receive_request(client, kinds=["rectification"], identity="lms", **about)
    told_why = {"decision": "refused", "refusal_code": "no_match", "reasons": "It is right."}
    decide_part(list_parts(refused)[0], **told_why, actor=farah, at=AT)
    state_disagreement(refused, text="It is wrong.", actor=farah, at=AT)
    acts["state-disagreement"] = refused
    found = {f"requests/rightsrequest/{act}": request.pk for act, request in acts.items()}
    found["people/subject/show-disagreements"] = cast.subject_id("hamza")
    case = open_case(
        receive_request(client, kinds=["complaint"], **about),
        authority="Information Commissioner’s Office",
        reference="RFA-1",
        opened_on=AT.date(),
        actor=farah,
        at=AT,
    )
    told_by: dict[str, Any] = {"actor": farah, "at": AT}
    list_recipients_to_inform(cast.subject("hamza"), **told_by)
    own = {"desk/authoritycase": case.pk, "desk/requesttask": task.pk}
    own["people/subject/inform-recipient"] = cast.subject_id("hamza")
    return {**found, "requests/rightsrequest": waiting.pk, **own}


def erasures_of_indus(cast):
    client, amina, farah = cast.client("indus"), cast.actor("amina"), cast.actor("farah")
    told: dict[str, Any] = {"actor": amina, "reason": Reason.REVIEW}
    people = {name: SubjectFactory(client=client, external_id=f"lms-{name}", role="instructor") for name in _LEAVING}
    waiting = propose_erasure(people["leaver"], at=AT, ground="The person asked for it.", **told)
    row = decide_erasure(
        propose_erasure(people["left"], at=AT, ground="The person asked for it.", **told),
        approve=True,
        actor=farah,
        at=AT,
    )
    later, told = AT + timedelta(hours=72), {"actor": SETTING_UP, "at": AT + timedelta(hours=72)}
    row = continue_erasure(row, **told)
    for order in Order.objects.open().filter(parent_id=row.erasure_id):
        Order.objects.filter(pk=order.pk).update(state="waived", ended_at=later, stuck_at=None)
    for notice in list_notices(people["left"]):
        record_informed(notice, outcome="informed", actor=farah, at=later)
    complete_erasure(Erasure.objects.get(subject=people["left"]), **told)
    continue_erasure(row, **told)
    about: dict[str, Any] = {"subject": people["asking"], "identity": "lms", "channel": "telephone", "language": "en"}
    request = receive_request(client, kinds=["erasure"], purposes=["newsletter"], actor=SETTING_UP, at=AT, **about)
    decide_part(list_parts(request)[0], decision="granted", actor=farah, at=AT)
    decide_erasure(ErasureProposal.objects.get(request=request), approve=False, actor=amina, at=AT)
    acts = {f"erasures/erasureproposal/certificate-{kind}": row.pk for kind in ("pdf", "json")}
    return {**acts, "erasures/erasureproposal": waiting.pk, "requests/rightsrequest/propose-erasure": request.pk}


def messages_of_indus(cast):
    raw = b"From: one@mail.example\r\nMessage-ID: <1@mail.example>\r\n\r\nWhat do you have?"
    mail, contents = parse_mail(raw) or (None, [])
    known = {"raw": raw, "is_cut": False, "contents": contents, "received_at": AT, "zone": "UTC"}
    took: dict[str, Any] = {"client": cast.client("indus"), "request_id": None, "actor": SETTING_UP, "at": AT}
    asked = store_mail(ReceivedMail(mail=mail, aside=None, **known), **took)  # type: ignore[arg-type]  # the fields of a parsed email
    aside = store_mail(ReceivedMail(mail=None, aside=None, **{**known, "raw": b"unreadable"}), **took)  # type: ignore[arg-type]  # the fields of a parsed email
    assert asked is not None
    assert aside is not None
    MailMessage.objects.filter(pk=aside.pk).update(state="aside", aside_reason="list")
    return {"mailbox/mailmessage": aside.pk, "requests/rightsrequest/messages": asked.request_id}


def stopped_roster(cast, account="closed"):
    content = f"ID,Role,Full name,Account\nlms-junaid,teacher,Junaid Mirza,{account}\n".encode()
    return upload_roster(content, client=cast.client("indus"), everybody=False, actor=cast.actor("farah"), at=AT)


def orders_of_indus(cast):
    client, amina = cast.client("indus"), cast.actor("amina")
    library = make_system(client, "library", ["credentials"], delivery="by_hand")
    leaving = make_system(client, "old_library", ["billing"], delivery="by_hand")
    propose_system_end(leaving, ground="It holds no data.", actor=SETTING_UP, reason=Reason.REVIEW, at=AT)
    orders = {
        kind: issue_orders(cast.subject(person), _told(kind), new_values=values, actor=SETTING_UP, at=AT)[0]
        for kind, person, values in (
            ("collect", "danish", None),
            ("correct", "hamza", {"full_name": "Hamza Lodhi Khan"}),
            ("erase", "iqra", None),
        )
    }
    propose_waiver(orders["collect"], ground="Shut down.", actor=amina, reason=Reason.REVIEW, at=AT)
    key = cast.key_actor("indus")
    fail_order(accept_order(orders["erase"], actor=key, at=AT), code="locked", again=False, actor=key, at=AT)
    raise_alerts(client.pk, at=AT + timedelta(days=2))
    people = Subject.objects.filter(pk=cast.subject_id("junaid"))
    issue_orders_for_set(people, _told("restrict"), client_id=client.pk, actor=SETTING_UP, at=AT)
    alert, of_many = OrderAlert.objects.first(), OrderSet.objects.first()
    by_act = {"agree": "collect", "add-file": "collect", "values": "correct", "try-again": "erase", "waive": "erase"}
    found = {f"data_systems/order/{act}": orders[kind].pk for act, kind in by_act.items()}
    found |= {f"data_systems/system/{act}": leaving.pk for act in ("agree", "decline")}
    listed = {"data_systems/orderalert": alert and alert.pk, "data_systems/orderset": of_many and of_many.pk}
    return {**found, **listed, "data_systems/order": orders["erase"].pk, "data_systems/system": library.pk}


def incident_of_indus(cast):
    collected = CollectionReport(category="device", occasion="assessment", purpose="support", collected_at=AT)
    zara = Subject.objects.get(client_id=cast.client_id("indus"), external_id="lms-zara")
    made, incident = report_collection(zara, collected, actor=SETTING_UP, at=AT)
    holding = Holding.objects.get(client_id=made.client_id, subject=made.subject_id, category="device")
    return {
        "guardians/quarantine": Quarantine.objects.get(cause="report").pk,
        "sharing/disclosure": _disclosure_about(zara).pk,
        **_legal_disclosures_about(zara),
        "holdings/collection": made.pk,
        "holdings/flaggedcollection": FlaggedCollection.objects.get(collection=made.pk).pk,
        "holdings/holding": holding.pk,
        "holdings/incident": incident and incident.pk,
    }


def _disclosure_about(person):
    shared = DisclosureReport(recipient="host", purpose="support", categories=["device"], shared_at=AT)
    return report_disclosure(person, shared, actor=SETTING_UP, at=AT)


def _legal_disclosures_about(person):
    approved = request_legal_disclosure(person, demand(AT), actor=officer(), at=AT)
    decide_legal_disclosure(approved, approve=True, actor=officer(), at=AT)
    waiting = request_legal_disclosure(person, demand(AT), actor=officer(), at=AT)
    return {"sharing/legaldisclosure": waiting.pk, "sharing/legaldisclosure/record-disclosure": approved.pk}


def breaches_of_indus(cast):
    client, amina = cast.client("indus"), cast.actor("amina")
    unwritten, complete, closed = (make_breach(client, actor=amina, at=AT) for _ in range(3))
    told: dict[str, Any] = {"text": "We inform you.", "actor": amina, "at": AT}
    for breach in (unwritten, complete, closed):
        assess(breach, actor=amina, at=AT)
        write_to_client(breach, language="en", **told)
        send_letters(breach, at=AT)
        notify_authority(breach, authority="BfDI", language="en", **told)
    for breach in (complete, closed):
        write_to_people(breach, text_ur="اطلاع", **told)
        add_measures(breach, actor=amina, at=AT)
    request_closing(closed, ground="All is done.", actor=amina, at=AT)
    return {"breaches/breach": complete.pk, "breaches/breach/write-people": unwritten.pk}


def period_change_of_paktaleem(cast):
    with in_client(PAKTALEEM):
        by: dict[str, Any] = {"actor": cast.actor("amina"), "at": AT}
        row = PortalPeriod(client_id=PAKTALEEM, kind="packages", length=15, changed_at=AT)
        save_tracked(row, **BY)
        request_period_change("packages", length=20, ground="People asked for more time.", **by)
        return {"upkeep/portalperiod": row.pk}


def schedule_of_indus(cast):
    client = cast.client("indus")
    rule = make_rule(client.pk, "newsletter", "contact_details", at=AT)
    given: dict[str, Any] = {"kind": HoldKind.LEGAL, "ground": "Case 12.", "review_on": date(2027, 1, 1)}
    hold = place_hold(client, scope=HoldScope(subject=cast.subject("junaid")), actor=SETTING_UP, at=AT, **given)
    lift_hold(hold, ground="Judgment of 3 May.", actor=user_actor(new_id(), "privacy_officer", PAKTALEEM), at=AT)
    held = SubjectFactory(client=client, external_id="lms-held")
    other_hold = place_hold(client, scope=HoldScope(subject=held), actor=SETTING_UP, at=AT, **given)
    return {
        **disposals_of(client),
        "schedule/hold/lift": other_hold.pk,
        "schedule/retentionrule": rule.pk,
        "schedule/hold": hold.pk,
    }


def gates_of_indus(cast):
    own: dict[str, Any] = {"client_id": cast.client_id("indus")}
    words = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Hints")
    hints = change_register(Purpose(code="hints", automated="profiling", **words, **own), **BY)
    given: dict[str, Any] = {"residual_risk": "high", "review_on": date(2029, 1, 1), **BY}
    answers = {question.code: "Said." for question in read_questionnaires()["impact"].questions}
    high = answer_assessment(hints, "impact", answers=answers, **given)
    approve_assessment(high, actor=officer(), at=AT)
    row = answer_assessment(Purpose.objects.get(code="newsletter", **own), "impact", answers=answers, **given)
    return {
        "consent/assessment": row.pk,
        "consent/assessment/consult": high.pk,
        "consent/purpose/describe-automated": hints.pk,
    }


def map_of_indus(cast):
    client_id = cast.client_id("indus")
    line = MapLine(
        client_id=client_id,
        system=System.objects.get(client_id=client_id, code="lms"),
        category="usage_logs",
        roles=["student"],
        purposes=["support"],
        countries=["PK"],
        found_by="lms_id",
    )
    declare_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=AT)
    return {"data_map/mapline": line.pk}


def decision_log_of_indus(cast):
    row = DecisionLogSetting(client_id=cast.client_id("indus"), mode=LogMode.EVERY)
    set_decision_log(row, actor=SETTING_UP, reason=Reason.REVIEW, at=AT)
    return {"consent/decisionlogsetting": row.pk}


def use_of_indus(cast):
    """A system used data without a question on the last whole day."""
    finding = {"kind": "not_asked", "what": "collection", "source": "LMS", "purpose": "support", "number": 3}
    row = UseFinding(client_id=cast.client_id("indus"), **finding, first_on=AT, last_on=AT, found_at=AT)
    row.save(force_insert=True)
    return {"reports/usefinding": row.pk}


def inventories_of_indus(cast):
    """PakTaleem’s billing has an inventory to answer; the platform counts 99 people of each category."""
    client_id = cast.client_id("indus")
    lms, billing = (System.objects.get(code=code, client_id__in=[client_id, PAKTALEEM]) for code in ("lms", "billing"))
    answered, open_ = order_inventories(
        client_id, [lms, billing], asked_for=AskedFor.ON_DEMAND, actor=SETTING_UP, at=AT
    )
    lines = InventoryLine.objects.filter(inventory=answered).order_by("category")
    answer_inventory(answered, [Count(line.category, 99) for line in lines], actor=cast.key_actor("indus"), at=AT)
    return {"inventories/inventory": open_.pk, "inventories/inventoryline": lines[0].pk}


def cookies_of_indus(cast):
    client = cast.client("indus")
    make_usual_cookies(client.pk)
    site, link = make_site(client.pk), make_link(client.pk)
    refusal = ChoiceMade(
        version=4, language="en", accepted=(), source=ChoiceSource.BANNER, has_signal=False, is_child=None
    )
    record_choice(client, refusal, token=None, at=AT)
    return {
        "cookies/cookie": Cookie.objects.get(client_id=client.pk, name="lms_theme").pk,
        "cookies/cookiesite": site.pk,
        "cookies/cookiechoice": CookieChoice.objects.get().pk,
        "cookies/linkedservice": link.pk,
    }


def disposals_of(client):
    first = open_disposal(client, actor=SETTING_UP, at=AT)
    approved: dict[str, Any] = {"approved_kind": "user", "approved_by": client.pk, "approved_at": AT}

    def at_stage(stage, **values):
        given = {"ground": first.ground, "decider": "client", "stage": stage, "size": 1, "opened_at": AT, **values}
        return Batch.objects.create(client_id=client.pk, sweep=first.sweep, **given).pk

    review = at_stage("review")
    certified = at_stage("certified", ended_at=AT, **approved)
    acts = {
        **dict.fromkeys(("approve", "take-out", "cancel", "pause"), review),
        **dict.fromkeys(("certificate-pdf", "certificate-json"), certified),
        "resume": at_stage("review", paused_at=AT),
    }
    return {"disposals/batch": first.pk, **{f"disposals/batch/{slug}": key for slug, key in acts.items()}}


def _told(kind):
    return OrderSpec(
        kind=OrderKind(kind),
        categories=frozenset({"credentials"}),
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=AT + timedelta(days=20),
    )


def sign_on_of_indus(cast):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        present = propose_sign_on(client_id, cast.actor("farah"), AT)
        decide_provider(present, approve=True, actor=officer(), reason=Reason.REVIEW, at=AT)
        waiting = propose_sign_on(client_id, cast.actor("farah"), AT)
        link = SignOnLink.objects.create(
            client_id=client_id, user_id=cast.user_id("farah"), issuer=present.issuer, subject="1", linked_at=AT
        )
    acts = {f"staff/provider/{act}": present.pk for act in ("end", "passwords")}
    return {"staff/provider": waiting.pk, "staff/signonlink": link.pk, **acts}


def queue_of_indus(cast):
    hamza = cast.subject("hamza")
    run = form_for(cast, [hamza, cast.subject("junaid")], AT)
    [waiting] = enter(cast, AT + timedelta(days=2), said(page_of(run, hamza), day=date(2026, 9, 2)))
    return {"paper/paperanswer": waiting.pk, "paper/formrun": run.pk}


def _answers(cast):
    junaid, farah = cast.subject("junaid"), cast.actor("farah")
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    record_answers(junaid, answers=answers, shown=shown(junaid.client_id, AT), evidence="Box 3", actor=farah, at=AT)
    reveal_fields(junaid, actor=farah, reason=Reason.REVIEW, at=AT)


def _records_of_a_school(cast, guardian):
    danish = cast.subject("danish")
    declare_mechanism(danish.client_id, kind="age", description="By paper.", reference="Handbook", **BY)
    authorise_by_school(danish, contract_reference="C-1", official="The head", **BY)
    quarantine(cast.subject("junaid"), cause="report", **BY)
    row = Guardianship.objects.get(child=danish, guardian=guardian)
    told: dict[str, Any] = {"provider": "folder", "provider_check_id": "1", "method": "payment_card", "started_at": AT}
    url = sealer_of(guardian).seal("https://checks.example/1", column="guardians_providercheck.url")
    save_tracked(ProviderCheck(client_id=row.client_id, guardianship=row, state="started", url=url, **told), **BY)


def safeguard_change_of_indus(cast):
    purpose = Purpose.objects.get(code="product_research", client_id=cast.client_id("indus"))
    purpose.needs_account = False
    return request_safeguard_change(purpose, ground="For alumni.", actor=cast.actor("farah"), at=AT)


def staff_change_of_indus(cast):
    membership = Membership(client_id=cast.client_id("indus"), user=cast.user("bilal"), role="client_admin")
    change_membership(membership, ground="They asked me.", actor=cast.actor("amina"), reason=Reason.ONBOARDING, at=AT)
    return StaffChange.objects.get()


def _colleague_of_indus(cast):
    invited = Colleague("colleague@indus.example", "Daniya Rind")
    by: dict[str, Any] = {"actor": cast.actor("farah"), "reason": Reason.ONBOARDING, "at": AT}
    invite_colleague(invited, client_id=cast.client_id("indus"), role="client_auditor", ground="They asked me.", **by)
    return Membership.objects.get(user__email=invited.email)


def guardians_of_indus(cast):
    client, danish, esra = cast.client("indus"), cast.subject("danish"), cast.subject("esra")
    other = make_guardian(client, "other-guardian", at=AT)
    refusing = verified_guardian(danish, other, at=AT)
    verified_guardian(danish, esra, at=AT)
    record_answer(danish, esra, "given", at=AT)
    record_answer(danish, other, "refused", at=AT)
    stated: dict[str, Any] = {"ground": "A document shows it.", "actor": SETTING_UP}
    end_guardian(refusing, at=AT + timedelta(minutes=1), **stated)
    _records_of_a_school(cast, esra)
    born = {"birth_date": date(1990, 1, 1)}
    register_subject("lms-danish", client=client, details=born, route=AgeRoute.CONSOLE, at=AT, **stated)


_OWN_PARTS = (
    agreements_of_indus,
    orders_of_indus,
    incident_of_indus,
    schedule_of_indus,
    breaches_of_indus,
    packs_of,
    cookies_of_indus,
    gates_of_indus,
    map_of_indus,
    decision_log_of_indus,
    use_of_indus,
    inventories_of_indus,
    requests_of_indus,
    rights_of_indus,
    erasures_of_indus,
    messages_of_indus,
)
"""Makers of the rows of one app each, in the context of Indus; some need what an earlier one made."""
