"""A page of the platform with the cookie banner, under a strict Content-Security-Policy.

The page sets its optional cookies only after ``paktaleem:cookies`` names their categories, as a real platform must.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.waiting import in_thread

HOST = "127.0.0.1"
SCRIPT = """
document.cookie = 'lms_session=1; Path=/';
document.addEventListener('paktaleem:cookies', function (event) {
  var codes = event.detail.accepted;
  if (codes.indexOf('preferences') >= 0) { document.cookie = 'lms_theme=dark; Path=/'; }
  if (codes.indexOf('analytics') >= 0) { document.cookie = '_stats_1=7; Path=/'; }
  document.getElementById('accepted').textContent = codes.length ? codes.join(' ') : 'nothing';
});
"""
PAGE = """<!DOCTYPE html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mini-LMS</title>
<link rel="icon" href="data:,">
<script src="/page.js"></script>
{tag}
</head>
<body>
<main><h1>Mini-LMS</h1><p>Accepted: <output id="accepted">unknown</output></p>
<p><button type="button" data-cookie-settings>Cookie settings</button></p></main>
</body>
</html>"""


class PlatformPage(ThreadingHTTPServer):
    """The served page; ``tag`` is the element copied from the console.

    ``?child=no`` (yes, or other values) sets the attribute as the platform would; without it the element has none.
    """

    def __init__(self, portal: str) -> None:
        super().__init__((HOST, 0), _Handler)
        self.tag = ""
        self.policy = (
            f"default-src 'none'; script-src 'self' {portal}; connect-src {portal}; font-src {portal}; img-src data:"
        )

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def render(self, query: dict[str, str]) -> str:
        language = query.get("lang", "en")
        child = f' data-child="{escape(query["child"])}"' if "child" in query else ""
        element = self.tag.replace(' data-child="yes"', child)
        return PAGE.format(language=escape(language), direction="rtl" if language == "ur" else "ltr", tag=element)


class _Handler(BaseHTTPRequestHandler):
    server: PlatformPage

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/page.js":
            self._answer(SCRIPT, "text/javascript")
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            self._answer(self.server.render(query), "text/html; charset=utf-8")

    def _answer(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        del args


@contextmanager
def page_served(portal: str) -> Iterator[PlatformPage]:
    server = PlatformPage(portal)
    with in_thread(server):
        yield server
