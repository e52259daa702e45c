"""The media type of a file follows from the end of its name."""

import mimetypes

import pytest

from pegboard.file_types import guess_media_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html"),
        ("INDEX.HTML", "text/html"),
        ("/srv/site/a.b/style.css", "text/css"),
        ("C:\\site\\photo.png", "image/png"),
        ("data.json", "application/json"),
        ("archive.tar.gz", "application/gzip"),
        ("archive.tgz", "application/gzip"),
        ("page.html.bz2", "application/x-bzip2"),
        ("page.html.xz", "application/x-xz"),
        ("page.html.br", "application/octet-stream"),
        ("README", "application/octet-stream"),
        ("a.html/README", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("what.ends-like-nothing-known", "application/octet-stream"),
        ("dot.", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("data:text/html,x", "application/octet-stream"),
        ("http://example.org/x.png?a.html", "text/html"),
        ("a:b.txt", "text/plain"),
    ],
)
def test_types(name: str, expected: str) -> None:
    assert guess_media_type(name) == expected


def test_types_that_an_application_adds_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mimetypes.types_map, ".pegboard", "application/x-pegboard")
    assert guess_media_type("a.pegboard") == "application/x-pegboard"
