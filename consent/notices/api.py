"""API: purposes, and the notices about them."""

import json
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.notices import POLICY
from consent.notices.selectors.registers import bases_in_force, get_current_notice, purposes
from consent.register.compiled import BasisRule
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.details import LANGUAGES, ROLES
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    client_of,
    moment_of,
    paginated_response,
    read_cursor,
    sign_cursor,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import CursorField, StrictSerializer, TextField


class BothLanguages(serializers.Serializer[object]):
    """A text in English and Urdu."""

    en = serializers.CharField(allow_blank=True)
    ur = serializers.CharField(allow_blank=True)


class PurposeOutput(serializers.Serializer[object]):
    """One purpose, with the lawful basis and PakTaleem's capacity for each role."""

    code = serializers.CharField()
    name = BothLanguages()
    description = BothLanguages()
    categories = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()
    needs_account = serializers.BooleanField(help_text="True if the purpose only serves people with an open account.")
    lawful_basis = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))


class PurposesOutput(serializers.Serializer[object]):
    """Purposes by code, and the URL of the next page."""

    purposes = PurposeOutput(many=True)
    next = serializers.CharField(allow_null=True)


class NoticeOutput(serializers.Serializer[object]):
    """The notice in effect about a purpose."""

    version = serializers.UUIDField()
    number = serializers.IntegerField()
    language = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    child_text = serializers.CharField(allow_null=True)
    hash = serializers.CharField()
    purposes = serializers.ListField(child=serializers.CharField())
    effective_at = serializers.DateTimeField()
    shown = serializers.CharField()


class ConsentEventOutput(serializers.Serializer[object]):
    """One recorded answer."""

    id = serializers.UUIDField()
    purpose = serializers.CharField(source="purpose.code")
    state = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ConsentEventsOutput(serializers.Serializer[object]):
    """Answers recorded together."""

    events = ConsentEventOutput(many=True)


class PastAnswerOutput(ConsentEventOutput):
    """One answer with its circumstances."""

    by = serializers.CharField(source="given_by")
    method = serializers.CharField()
    language = serializers.CharField()
    notice_version = serializers.UUIDField(allow_null=True, source="notice_version_id")
    shown_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    renewal = serializers.BooleanField(source="is_renewal")
    reason = serializers.CharField(allow_null=True)
    without_effect = serializers.BooleanField(help_text="A child gave it itself: no decision rests on it.")


class ConsentStateOutput(serializers.Serializer[object]):
    """The current state of consent to one purpose."""

    purpose = serializers.CharField()
    state = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    renewal_due = serializers.BooleanField()
    asked_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField()
    event = serializers.UUIDField()
    without_effect = serializers.BooleanField(help_text="A child gave it itself: no decision rests on it.")


class SubjectConsentsOutput(serializers.Serializer[object]):
    """A person's consents: the state per purpose, the history, and the URL of earlier events."""

    subject = serializers.CharField()
    consents = ConsentStateOutput(many=True)
    history = PastAnswerOutput(many=True)
    next = serializers.CharField(allow_null=True)


class StandingOutput(serializers.Serializer[object]):
    """The decision for every active purpose, by code."""

    subject = serializers.CharField()
    time = serializers.DateTimeField()
    purposes = serializers.DictField(child=serializers.DictField())


class ListPurposesInput(StrictSerializer):
    """Input: the cursor and the page size."""

    cursor = CursorField(required=False)
    limit = serializers.IntegerField(default=200, min_value=1, max_value=500)


class ListPurposes(Operation):
    capabilities = {"GET": Capability.VIEW_REGISTER}
    is_conditional = True

    @extend_schema(parameters=[ListPurposesInput], responses=PurposesOutput)
    def get(self, request: Request) -> Response:
        """List the purposes of the client and the shared ones, with the lawful basis (GDPR Art. 6(1)) for each role."""
        query, of = validate_input(ListPurposesInput, request.query_params.dict()), f"purposes/{client_of(request)}"
        after = read_cursor(query["cursor"], of=of, name="cursor") if "cursor" in query else ""
        found = list(purposes(actor_of(request)).filter(code__gt=after))
        codes = sorted({one.code for one in found})[: query["limit"]]
        page = [one for one in found if codes and one.code <= codes[-1]]
        bases = bases_in_force(client_of(request), at=moment_of(request))
        answer = {"purposes": [_serialize_purpose(one, bases) for one in page]}
        return paginated_response(
            request, answer, {"cursor": sign_cursor(codes[-1], of=of)} if len(page) < len(found) else None
        )


def _serialize_purpose(purpose: Purpose, bases: dict[tuple[UUID, str], BasisRule]) -> dict[str, object]:
    return {
        "code": purpose.code,
        "name": {"en": purpose.name_en, "ur": purpose.name_ur},
        "description": {"en": purpose.description_en, "ur": purpose.description_ur},
        "categories": purpose.categories,
        "active": purpose.is_active,
        "needs_account": purpose.needs_account,
        "lawful_basis": {
            role: {"basis": found.basis, "capacity": found.capacity}
            for role in ROLES
            if (found := bases.get((purpose.pk, role)))
        },
    }


class CurrentNoticeInput(StrictSerializer):
    """Input: the purpose and the language; without a purpose the privacy policy."""

    purpose = TextField(required=False, max_length=63)
    language = serializers.ChoiceField(LANGUAGES, default="en")


class CurrentNotice(Operation):
    """``GET /api/v1/notices/current?purpose=…&language=…``; the privacy policy if no purpose is given."""

    capabilities = {"GET": Capability.VIEW_REGISTER}
    is_conditional = True

    @extend_schema(parameters=[CurrentNoticeInput], responses=NoticeOutput)
    def get(self, request: Request) -> Response:
        """Return the notice in effect about a purpose, or the privacy policy; send ``shown`` back with the answer.

        ``shown`` is valid for 24 hours, unless the operator changed that. ``child_text`` is the text for children, if
        there is one.
        """
        query = validate_input(CurrentNoticeInput, request.query_params.dict())
        version = get_current_notice(query.get("purpose", POLICY), client_id=client_of(request), at=moment_of(request))
        language, purposes = query["language"], tuple(version.notice.purposes)
        shown = ShownNotice(version.pk, purposes, language, client_of(request), moment_of(request))
        return Response(
            {
                "version": str(version.pk),
                "number": version.number,
                "language": language,
                "title": version.notice.title_ur if language == "ur" else version.notice.title_en,
                "text": version.text(language),
                "child_text": version.text(language, for_children=True) or None,
                "hash": version.content_hash,
                "purposes": version.notice.purposes,
                "effective_at": version.effective_at.isoformat(),
                "shown": sign_notice_token(shown),
            }
        )

    def validator_of(self, request: Request, response: Response) -> bytes:
        """Return the validator without the token but with the hour: a cached token is at most an hour older."""
        rest = {name: value for name, value in response.data.items() if name != "shown"}
        return json.dumps([rest, f"{moment_of(request):%Y-%m-%d %H}"]).encode()
