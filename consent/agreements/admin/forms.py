"""Forms of the acts on agreements and contacts."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from consent.agreements.duties import DUTIES
from consent.agreements.models import AgreementDocument, DocumentKind
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices

_LONGEST_EXIT = 3660


class DocumentForm(ActionForm):
    """A document of the agreement."""

    kind = forms.ChoiceField(label=_("What it is"), choices=DocumentKind.choices, widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG or PNG. It is encrypted; the name of the file is not stored.")
    )


class _ChosenDocumentForm(RowActionForm):
    document = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)
    field_order = ("document", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the documents of the agreement."""
        super().__init__(*args, **kwargs)
        rows = AgreementDocument.objects.filter(client_id=self.row.client_id, agreement=self.row)
        self.offered = {str(one.pk): one for one in rows.select_related("file")}
        set_choices(self, "document", [(key, str(one)) for key, one in self.offered.items()])

    def clean_document(self) -> AgreementDocument:
        """Return the document."""
        return self.offered[self.cleaned_data["document"]]


class OpenDocumentForm(_ChosenDocumentForm):
    """The document to be opened, and the reason."""


class PaperForm(_ChosenDocumentForm):
    """The document that the client has signed on paper, and the reason."""


class EndAgreementForm(RowActionForm):
    """How long data may still be stored after the end, and the reason."""

    exit_days = forms.IntegerField(
        label=_("Exit period in days"),
        min_value=0,
        max_value=_LONGEST_EXIT,
        initial=30,
        help_text=_("For so long data may still be stored, so that it can be returned. 0: not at all."),
    )
    field_order = ("exit_days", "reason")


class AttestForm(ActionForm):
    """The duties that the client attests, and where its users are informed."""

    duties = forms.MultipleChoiceField(
        label=_("We confirm for the coming year"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Confirm only what is true. The rest stays on your list and on PakTaleem’s."),
    )
    notice_url = forms.URLField(
        label=_("Page on which users are informed"),
        required=False,
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the text of the duties in the page's language."""
        super().__init__(*args, **kwargs)
        urdu = get_language() == "ur"
        set_choices(self, "duties", [(one.code, one.text_ur if urdu else one.text_en) for one in DUTIES])
