"""What the page "Coming from Starlette" says of requests and forms."""

from __future__ import annotations

from typing import Any

import msgspec
from both_frameworks import ERROR, NOTHING, Kit, asked, claim, client, endpoint, outcome

REQUESTS, FORMS = "Requests", "Forms"


def posted(kit: Kit, respond: Any, body: bytes, content_type: str = "application/json", **options: Any) -> Any:
    """The test client's response to a POST."""
    asking = client(kit, endpoint(kit, "/", respond, methods=["POST"]), **options)
    return asking.post("/", content=body, headers={"content-type": content_type})


async def read_json(request: Any) -> Any:
    return repr(await request.json())


@claim(REQUESTS, "the size of a body", theirs=(200, None), ours=(413, "close"))
def size_of_a_body(kit: Kit) -> Any:
    async def size(request: Any) -> int:
        return len(await request.body())

    answer = posted(kit, size, b" " * (10 * 1024 * 1024 + 1))
    return answer.status_code, answer.headers.get("connection")


@claim(REQUESTS, "a body that is no JSON, in `request.json()`", theirs=ERROR, ours=400)
def no_json(kit: Kit) -> Any:
    return posted(kit, read_json, b"{").status_code


@claim(REQUESTS, "JSON with a byte order mark", theirs=200, ours=400)
def byte_order_mark(kit: Kit) -> Any:
    return posted(kit, read_json, b"\xef\xbb\xbf1").status_code


@claim(REQUESTS, "JSON `NaN`, `Infinity`", theirs=[200, 200], ours=[400, 400])
def no_numbers(kit: Kit) -> Any:
    return [posted(kit, read_json, body).status_code for body in (b"NaN", b"Infinity")]


class Order(msgspec.Struct):
    count: int


@claim(REQUESTS, "JSON into a type", theirs=NOTHING, ours=[(200, "Order(count=1)"), (422, "$.count")])
def typed_json(kit: Kit) -> Any:
    async def read(request: Any) -> str:
        return repr(await request.json(type=Order))

    if not kit.is_ours:
        return NOTHING
    good, bad = posted(kit, read, b'{"count": 1}'), posted(kit, read, b'{"count": "x"}')
    return [(good.status_code, good.json()), (bad.status_code, "$.count" if "$.count" in bad.text else bad.text)]


@claim(REQUESTS, "query strings", theirs=[200, 200], ours=[200, 400])
def query_strings(kit: Kit) -> Any:
    app = kit.app(endpoint(kit, "/", lambda request: len(request.query_params)))
    return [asked(app, "/?" + "&".join(["a=1"] * count)).status for count in (1000, 1001)]


@claim(REQUESTS, "cookies", theirs=[200, 200], ours=[200, 400])
def cookies(kit: Kit) -> Any:
    app = kit.app(endpoint(kit, "/", lambda request: len(request.cookies)))
    return [asked(app, "/", "GET", {"cookie": "; ".join(["a=1"] * count)}).status for count in (512, 513)]


@claim(
    REQUESTS,
    "`request.session`, `user`, `auth` without their provider",
    theirs=["AssertionError"] * 3,
    ours=["RuntimeError"] * 3,
)
def providers(kit: Kit) -> Any:
    request = kit.requests.Request({"type": "http", "headers": []})
    return [outcome(lambda kit, name=name: getattr(request, name), kit) for name in ("session", "user", "auth")]  # type: ignore[misc]


@claim(REQUESTS, "`request.state`", theirs="ModuleNotFoundError", ours=1)
def typed_state(kit: Kit) -> Any:
    key = kit.state.StateKey[int]("count")
    request = kit.requests.Request({"type": "http", "headers": [], "state": {}})
    request.state[key] = 1
    return request.state[key]


MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"


def part(head: str, value: str = "1") -> bytes:
    return f"--b\r\nContent-Disposition: {head}\r\n\r\n{value}\r\n".encode("latin-1")


END = b"--b--\r\n"


async def read_form(request: Any, **limits: Any) -> Any:
    async with request.form(**limits) as form:
        return [
            [name, value if isinstance(value, str) else [value.filename, (await value.read()).decode()]]
            for name, value in form.multi_items()
        ]


def form(kit: Kit, body: bytes, content_type: str = MULTIPART, **limits: Any) -> Any:
    """The form's pairs as an endpoint reads them, or the status."""
    answer = posted(kit, lambda request: read_form(request, **limits), body, content_type)
    return answer.json() if answer.status_code == 200 else answer.status_code


@claim(FORMS, "a form over a limit", theirs=(400, None), ours=(413, "close"))
def over_a_limit(kit: Kit) -> Any:
    answer = posted(kit, lambda request: read_form(request, max_fields=1), b"a=1&b=2", URLENCODED)
    return answer.status_code, answer.headers.get("connection")


@claim(FORMS, "the whole form", theirs=NOTHING, ours=413)
def the_whole_form(kit: Kit) -> Any:
    return form(kit, b"a=1&b=2", URLENCODED, max_total_size=5) if kit.is_ours else NOTHING


@claim(FORMS, "headers of one part", theirs=[200, 400, 200, 400], ours=[200, 200, 413, 413])
def part_headers(kit: Kit) -> Any:
    def status(count: int, size: int) -> Any:
        head = 'form-data; name="a"' + "".join(f"\r\nX-{n}: {'v' * size}" for n in range(count))
        answer = form(kit, part(head) + END)
        return 200 if isinstance(answer, list) else answer

    return [status(7, 1), status(8, 1), status(3, 3000), status(1, 9000)]


@claim(FORMS, "`MultiPartException`", theirs=(False, True), ours=(True, True))
def multipart_exception(kit: Kit) -> Any:
    raised: list[type] = []

    async def read(request: Any) -> Any:
        try:
            await request.form()
        except Exception as error:
            raised.append(type(error))
            raise

    posted(kit, read, part("form-data"), MULTIPART)
    caught = raised[0]
    return issubclass(caught, kit.formparsers.MultiPartException), issubclass(caught, kit.exceptions.HTTPException)


@claim(FORMS, "a multipart body without its end, or empty", theirs=([["a", "1"]], []), ours=(400, 400))
def cut_off(kit: Kit) -> Any:
    both = part('form-data; name="a"') + part('form-data; name="b"')[:-10]
    return form(kit, both), form(kit, b"")


@claim(FORMS, "bytes that are no UTF-8", theirs=[["a", "é"]], ours=[["a", "\ufffd"]])
def no_utf8(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"', "é") + END)


@claim(FORMS, "`charset` of the Content-Type", theirs=[["a", "é"]], ours=[["a", "\ufffd"]])
def charset(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"', "é") + END, f"{MULTIPART}; charset=latin-1")


@claim(FORMS, "a part whose disposition is not `form-data`", theirs=[["a", "1"]], ours=400)
def other_disposition(kit: Kit) -> Any:
    return form(kit, part('attachment; name="a"') + END)


@claim(FORMS, "two names or filenames in one part", theirs=[["b", "1"]], ours=400)
def two_names(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"; name="b"') + END)


@claim(FORMS, "`filename*` alone", theirs=[["a", "1"]], ours=400)
def extended_filename(kit: Kit) -> Any:
    return form(kit, part("form-data; name=\"a\"; filename*=UTF-8''x") + END)


@claim(
    FORMS,
    '`filename="C:\\dir\\file.txt"`',
    theirs=[["a", ["file.txt", "1"]]],
    ours=[["a", ["C:\\dir\\file.txt", "1"]]],
)
def windows_path(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"; filename="C:\\dir\\file.txt"') + END)


@claim(FORMS, "control characters in a part's headers", theirs=[["a", "1"]], ours=400)
def control_characters(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"\r\nX-A: \x01') + END)


@claim(FORMS, "Content-Transfer-Encoding base64, quoted-printable", theirs=[["a", "MQ=="]], ours=400)
def transfer_encoding(kit: Kit) -> Any:
    return form(kit, part('form-data; name="a"\r\nContent-Transfer-Encoding: base64', "MQ==") + END)


@claim(FORMS, "a Content-Type that cannot be read", theirs=[], ours=400)
def unreadable_type(kit: Kit) -> Any:
    return form(kit, b"a=1", "application//x-www-form-urlencoded;;=")
