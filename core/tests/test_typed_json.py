"""JSON from and to types, pydantic models among them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
import pytest
from board_harness import ask
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator
from pydantic.dataclasses import dataclass as model_dataclass

from pegboard.applications import Pegboard
from pegboard.requests import Request
from pegboard.responses import JSONResponse
from pegboard.routing import Route
from pegboard.typed_json import MAX_ERRORS, decode_json, encode_json, is_model

pytestmark = pytest.mark.anyio


class Item(BaseModel):
    name: str
    price: int = Field(gt=0)


class Order(BaseModel):
    items: list[Item]
    due: date | None = None

    @field_validator("items")
    @classmethod
    def some(cls, items: list[Item]) -> list[Item]:
        if not items:
            raise ValueError("an order has items")
        return items


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    due: date


class Names(RootModel[list[str]]):
    pass


@model_dataclass
class Point:
    x: int = Field(gt=0)


class Struct(msgspec.Struct):
    item: Item


@dataclass
class Plain:
    items: list[Item]
    when: Strict | None = None


class Callable(BaseModel):
    a: int

    def __call__(self) -> None:
        """A model that can be called is data all the same."""


ITEM = b'{"name":"peg","price":2}'
PEG = Item(name="peg", price=2)


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        (Item, ITEM, PEG),
        (Order, b'{"items":[%b],"due":"2026-01-02"}' % ITEM, Order(items=[PEG], due=date(2026, 1, 2))),
        (list[Item], b"[%b]" % ITEM, [PEG]),
        (dict[str, Item], b'{"a":%b}' % ITEM, {"a": PEG}),
        (Item | None, b"null", None),
        (Names, b'["a"]', Names(["a"])),
        (Point, b'{"x":1}', Point(x=1)),
        (Struct, b'{"item":%b}' % ITEM, Struct(PEG)),
        (Plain, b'{"items":[%b]}' % ITEM, Plain([PEG])),
        # What strict models take from JSON, they take within other types as well.
        (Strict, b'{"due":"2026-01-02"}', Strict(due=date(2026, 1, 2))),
        (Plain, b'{"items":[],"when":{"due":"2026-01-02"}}', Plain([], Strict(due=date(2026, 1, 2)))),
        (list[int], b"[1]", [1]),
        # An annotation that cannot be hashed.
        (Annotated[list[Item], []], b"[]", []),
        (Annotated[list[int], []], b"[1]", [1]),
        (Any, b'{"a":[1]}', {"a": [1]}),
    ],
)
def test_bodies_become_what_was_asked_for(kind: Any, body: bytes, value: Any) -> None:
    """Models alone, in lists, in Structs and dataclasses."""
    assert decode_json(body, kind) == value


@pytest.mark.parametrize(
    ("kind", "body", "lines"),
    [
        (
            Order,
            b'{"items":[{"name":1,"price":0},{"price":"x"}]}',
            [
                "Input should be a valid string - at `$.items[0].name`",
                "Input should be greater than 0 - at `$.items[0].price`",
                "Field required - at `$.items[1].name`",
                "Input should be a valid integer, unable to parse string as an integer - at `$.items[1].price`",
            ],
        ),
        (Order, b'{"items":[]}', ["Value error, an order has items - at `$.items`"]),
        (list[Item], b"[1]", ["Input should be an object - at `$[0]`"]),
        (Point, b'{"x":0}', ["Input should be greater than 0 - at `$.x`"]),
        (
            Struct,
            b'{"item":{"price":0}}',
            ["name: Field required; price: Input should be greater than 0 - at `$.item`"],
        ),
        (Struct, b'{"item":3}', ["value: Input should be an object - at `$.item`"]),
    ],
)
def test_every_fault_is_told_with_its_place(kind: Any, body: bytes, lines: list[str]) -> None:
    """One line for each."""
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_json(body, kind)
    assert str(caught.value).splitlines() == lines


@pytest.mark.parametrize("kind", [Item, list[Item], Struct, Any])
@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b'{"name":'])
def test_what_is_no_json_is_no_validation_error(kind: Any, body: bytes) -> None:
    """A 400, and not a 422."""
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as caught:
        decode_json(body, kind)
    assert not isinstance(caught.value, msgspec.ValidationError)


def test_faults_do_not_repeat_what_the_client_sent() -> None:
    """A body full of faults is answered with a bounded number of them, and none of its content."""
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_json(b"[%b]" % b",".join([b'"s3cret"'] * 1000), list[int | Item])
    lines = str(caught.value).splitlines()
    assert len(lines) == MAX_ERRORS + 1
    assert lines[-1] == "1900 more faults - at `$`"
    assert "s3cret" not in str(caught.value)


def test_a_type_that_nobody_can_make_is_the_applications_fault() -> None:
    """Not a 422."""

    class Odd:
        pass

    with pytest.raises(NotImplementedError, match="Odd"):
        decode_json(b"{}", Odd)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PEG, ITEM),
        ([PEG], b"[%b]" % ITEM),
        ({"a": PEG}, b'{"a":%b}' % ITEM),
        (Struct(PEG), b'{"item":%b}' % ITEM),
        (Plain([PEG]), b'{"items":[%b],"when":null}' % ITEM),
        (Names(["ä"]), '["ä"]'.encode()),
        (Order(items=[PEG], due=date(2026, 1, 2)), b'{"items":[%b],"due":"2026-01-02"}' % ITEM),
        (Point(x=1), b'{"x":1}'),
    ],
)
def test_models_are_encoded_wherever_they_stand(value: Any, expected: bytes) -> None:
    """Alone, in lists, in Structs and dataclasses."""
    assert encode_json(value) == expected


def test_what_json_cannot_say_is_named() -> None:
    """As before there were models."""
    with pytest.raises(TypeError, match="objects of type object"):
        encode_json([object()])


def test_a_model_is_told_from_other_types() -> None:
    """By what it is, without importing anything."""
    assert is_model(Item)
    assert not is_model(dict)
    assert not is_model(Plain)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b'{"items":[%b]}' % ITEM, 201, b'{"items":[%b],"due":null}' % ITEM),
        (b"{", 400, b"not valid JSON"),
        (b'{"items":[{}]}', 422, b"`$.items[0].name`\nField required - at `$.items[0].price`"),
    ],
)
async def test_a_board_takes_and_returns_models(body: bytes, status: int, text: bytes) -> None:
    """In by `request.json`, out by returning it."""

    async def endpoint(request: Request) -> Any:
        return await request.json(type=Order), 201

    board = Pegboard(routes=[Route("/", endpoint, methods=["POST"])], plugins=[], config={})
    answer = await ask(board, "/", "POST", body=body)
    assert answer.status == status
    assert text in answer.body


@pytest.mark.parametrize("value", [PEG, [PEG], Callable(a=1)])
async def test_a_returned_model_is_json(value: Any) -> None:
    """Models that can be called included."""

    async def endpoint(request: Request) -> Any:
        return value

    answer = await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[], config={}), "/")
    assert answer.header("content-type") == "application/json"
    assert answer.body == JSONResponse(value).body


@pytest.mark.parametrize("is_installed", [True, False], ids=["installed", "not installed"])
def test_pydantic_stays_out_until_somebody_brings_it(is_installed: bool) -> None:
    """Typed JSON without models imports nothing, and works where there is nothing to import."""
    code = (
        "import sys, dataclasses\n"
        f"{'pass' if is_installed else 'sys.modules.update(pydantic=None, pydantic_core=None)'}\n"
        "import msgspec, pegboard.typed_json as t, pegboard.requests, pegboard.responses\n"
        "D = dataclasses.make_dataclass('D', [('x', int)])\n"
        "assert t.decode_json(b'{\"x\": 1}', D) == D(1)\n"
        "assert t.encode_json(D(1)) == b'{\"x\":1}'\n"
        "assert t.decode_json(b'[{\"x\": 1}]', list[D]) == [D(1)]\n"
        'try:\n    t.decode_json(b\'{"x": "y"}\', D)\n'
        "except msgspec.ValidationError as error:\n    assert '$.x' in str(error)\n"
        "else:\n    raise SystemExit('was taken')\n"
        "try:\n    t.encode_json(object())\n"
        "except TypeError:\n    pass\n"
        "else:\n    raise SystemExit('was encoded')\n"
        "assert sys.modules.get('pydantic') is None\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
