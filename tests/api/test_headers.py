"""Headers of every answer of the API, from the real server: no cache keeps it, and it has an id."""

from tests.serving import call, served

ASKED = [
    ("GET", "/api/v1/subjects/lms-kiran?include=personal&reason=support_case", 200),
    ("GET", "/api/v1/subjects/lms-kiran/consents", 200),
    ("GET", "/api/v1/subjects/lms-kiran/standing", 200),
    ("GET", "/api/v1/purposes", 200),
    ("GET", "/api/v1/subjects/nobody", 404),
    ("GET", "/api/v1/nowhere", 404),
    ("DELETE", "/api/v1/purposes", 405),
    ("POST", "/api/v1/consents", 400),
    ("GET", "/access/v1/evaluation", 405),
    ("POST", "/access/v1/evaluation", 400),
    ("GET", "/access/v1/nowhere", 404),
]


def test_no_response_is_cached_and_each_has_a_request_id(committed, server_environment, tmp_path):
    key = {"Authorization": f"Bearer {committed.key('khyber')}"}
    with served(tmp_path / "logs") as port:
        ids = set()
        for method, path, status in ASKED:
            for headers, expected in ((key, status), ({}, 401)):
                answered, got, _ = call(port, method, path, [] if method == "POST" else None, **headers)
                assert answered in {expected, status}, path
                assert got.get_all("Cache-Control") == ["no-store"], path
                ids.add(got["X-Request-ID"])
        assert None not in ids
        assert len(ids) == 2 * len(ASKED)
        assert call(port, "GET", "/api/v1/purposes", **key, X_Request_ID="req-4711")[1]["X-Request-ID"] == "req-4711"
        tag = call(port, "GET", "/api/v1/purposes", **key)[1]["ETag"]
        status, got, _ = call(port, "GET", "/api/v1/purposes", **key, If_None_Match=tag)
        assert (status, got["Cache-Control"], got["ETag"]) == (304, "no-store", tag)
        assert got["X-Request-ID"]
