"""A reader of the console who counts clicks: on links, on what unfolds, and on buttons."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit


class _Links(HTMLParser):
    """Collects the links of a page: text, address, and whether an element that must be opened first contains it."""

    def __init__(self):
        super().__init__()
        self.folded: list[bool] = []
        self.address: str | None = None
        self.text = ""
        self.found: list[tuple[str, str, bool]] = []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "details":
            self.folded.append("open" not in known)
        if tag == "a":
            self.address, self.text = known.get("href") or "", ""

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        if tag == "details":
            self.folded.pop()
        if tag == "a" and self.address is not None:
            self.found.append((" ".join(self.text.split()), self.address, any(self.folded)))
            self.address = None


def _value_of(form, name):
    field = form.fields[name]
    choices = [] if hasattr(field, "queryset") else getattr(field, "choices", [])
    first = next((code for code, _ in choices if code), "")
    return form.get_initial_for_field(field, name) or first


class Clicks:
    """A browser of one person on the console, with the number of clicks since the first page."""

    def __init__(self, browser):
        self.browser = browser
        self.number = 0
        self.url = "/admin/"
        self.page: Any = browser.get(self.url)

    @property
    def text(self):
        return str(self.page.content.decode())

    def click(self, text):
        links = _Links()
        links.feed(self.text)
        [address, is_folded] = next((url, folded) for name, url, folded in links.found if name.startswith(text))
        self.number += 2 if is_folded else 1
        return self._open(urljoin(self.url, address))

    def search(self, text, **given):
        return self._send("/admin/search/", {"text": text, **given})

    def find(self, text):
        self.number += 1
        return self._open(f"{urlsplit(self.url).path}?q={text}")

    def send(self, **given):
        form = self.page.context.get("form") or self.page.context["adminform"].form
        values = {name: _value_of(form, name) for name in form.fields}
        return self._send(self.url, {**values, **given})

    def _send(self, url, given):
        self.number += 1
        answer = self.browser.post(url, given)
        assert answer.status_code in {200, 302}, answer.status_code
        self.url, self.page = url, answer
        return self._open(urljoin(url, answer["Location"])) if answer.status_code == 302 else self

    def _open(self, url):
        self.url, self.page = url.partition("#")[0], self.browser.get(url)
        assert self.page.status_code == 200, url
        return self
