"""The header that names a part of a form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.form_parts import parse_form_disposition


@pytest.mark.parametrize(
    ("value", "name", "filename"),
    [
        (b'form-data; name="a"', "a", None),
        (b'form-data; name="a"; filename="b.txt"', "a", "b.txt"),
        (b'form-data; filename="b.txt"; name="a"', "a", "b.txt"),
        (b"form-data; name=a; filename=b.txt", "a", "b.txt"),
        (b'FORM-DATA;NAME="a";FileName="b"', "a", "b"),
        (b'  form-data ;\tname = "a" ; filename\t=\t"b" ; ', "a", "b"),
        (b'form-data; name="a";;', "a", None),
        (b'form-data; name=""', "", None),
        (b'form-data; name="a"; filename=""', "a", ""),
        (b'form-data; name="a;b"; filename="c; name=d"', "a;b", "c; name=d"),
        (b'form-data; name="\xc3\xa4"; filename="\xe2\x82\xac.txt"', "ä", "€.txt"),
        (b'form-data; name="\xff"', "\ufffd", None),
        # As older clients write a quote, and as browsers do.
        (b'form-data; name="a\\"b"', 'a"b', None),
        (b'form-data; name="a%22b"; filename="%0D%0A"', "a%22b", "%0D%0A"),
        # Backslashes, as browsers send them: never an escape of their own.
        (b'form-data; name="a"; filename="C:\\dir\\file.txt"', "a", "C:\\dir\\file.txt"),
        (b'form-data; name="a"; filename="\\\\host\\share"', "a", "\\\\host\\share"),
        (b'form-data; name="a"; filename="ends\\"', "a", "ends\\"),
        (b'form-data; name="a\\"; filename="b"', "a\\", "b"),
        (b'form-data; name="a"; filename="b"; filename*=UTF-8\'\'c', "a", "b"),
        (b'form-data; name="a"; x=1', "a", None),
    ],
)
def test_what_clients_send_is_read(value: bytes, name: str, filename: str | None) -> None:
    """One table: usual and unusual spellings."""
    assert parse_form_disposition(value) == (name, filename)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (b"", "expected 'form-data"),
        (b'attachment; name="a"', "expected 'form-data"),
        (b'form-dataset; name="a"', "expected 'form-data"),
        (b"form-data", "expected a name"),
        (b'form-data; filename="b"', "expected a name"),
        (b'form-data name="a"', "expected 'form-data"),
        (b'form-data; name="a', "expected ;name"),
        (b'form-data; name="a"b"', "expected ;name"),
        (b'form-data; name="a" b', "expected ;name"),
        (b"form-data; name=", "expected ;name"),
        (b"form-data; =a", "expected ;name"),
        (b'form-data; name="a"; name="b"', "once"),
        (b'form-data; name="a"; filename="b"; FILENAME="c"', "once"),
        (b"form-data; name=\"a\"; filename*=UTF-8''c", "filename*"),
    ],
)
def test_what_is_malformed_or_ambiguous_is_refused(value: bytes, part: str) -> None:
    """One table: each refusal says what was expected."""
    with pytest.raises(ValueError, match="expected") as caught:
        parse_form_disposition(value)
    assert part in str(caught.value)


@given(st.text(st.characters(exclude_characters='"\\', exclude_categories=("Cs", "Cc"))))
def test_any_name_comes_back(name: str) -> None:
    """A name in quotes is what it was, whatever it is made of."""
    assert parse_form_disposition(b'form-data; name="%b"' % name.encode()) == (name, None)


@given(st.binary())
def test_nothing_but_a_value_error_comes_of_any_bytes(value: bytes) -> None:
    """Hostile bytes have no other way out."""
    for text in (value, b"form-data;" + value, b'form-data; name="' + value):
        try:
            parse_form_disposition(text)
        except ValueError:
            continue


@given(st.lists(st.sampled_from([b'"', b"\\", b";", b" ", b"name", b"=", b"filename", b"a"]), max_size=60))
def test_hostile_quoting_has_one_reading_or_none(pieces: list[bytes]) -> None:
    """Neither name nor filename swallows a separator outside of quotes."""
    try:
        name, filename = parse_form_disposition(b"form-data;" + b"".join(pieces))
    except ValueError:
        return
    assert isinstance(name, str)
    assert filename is None or isinstance(filename, str)
