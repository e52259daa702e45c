"""Gates, asked directly."""

from collections.abc import Callable
from typing import Any

import pytest

from pegboard.requests import HTTPConnection, Request
from pegboard.responses import PlainTextResponse
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.gates import AsyncGate, Gate, answer_refused, make_gate
from pegboard_auth.identity import ANONYMOUS, Access, AnonymousUser, User
from pegboard_auth.refusals import Refused, Rejected
from pegboard_auth.requirements import GATE, Requirement
from pegboard_auth.schemes import Scheme

pytestmark = pytest.mark.anyio


class Fixed(Scheme):
    """Finds what it is told to find, and tells whether it was asked."""

    name = "fixed"

    def __init__(self, found: Access | Rejected | None) -> None:
        self.found = found
        self.asked = 0

    def authenticate(self, connection: HTTPConnection) -> Any:
        self.asked += 1
        if isinstance(self.found, Rejected):
            raise self.found
        return self.found


class Later(Fixed):
    """The same, later."""

    async def authenticate(self, connection: HTTPConnection) -> Any:
        return super().authenticate(connection)


ANN = Access(User("ann"), "fixed", ["read"], ["editor"])


def gate(
    *schemes: Scheme, requirement: Requirement | None = None, policies: dict[str, Callable[..., Any]] | None = None
) -> Gate:
    return make_gate(schemes, requirement, (), policies or {}, Answers("api"), Audit())


async def ask(what: Gate, request: Request | None = None) -> Any:
    request = request or Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    answer: Any = what.request(request)
    return await answer if what.awaits else answer


KINDS = pytest.mark.parametrize("kind", [Fixed, Later])


@KINDS
async def test_a_known_caller_passes_and_is_found_in_the_scope(kind: type[Fixed]) -> None:
    what = gate(kind(ANN), requirement=Requirement.make(["read"], ["editor"]))
    request = Request({"type": "http", "headers": []})
    assert await ask(what, request) is None
    assert request.user is ANN.user
    assert request.auth is ANN
    assert request.scope[GATE] is what


@KINDS
async def test_the_first_scheme_that_finds_credentials_decides(kind: type[Fixed]) -> None:
    first, second, third = kind(None), kind(ANN), kind(Rejected("bad"))
    assert await ask(gate(first, second, third, requirement=Requirement())) is None
    assert (first.asked, second.asked, third.asked) == (1, 1, 0)


@KINDS
@pytest.mark.parametrize("requirement", [None, Requirement()])
async def test_bad_credentials_are_an_answer_even_where_nobody_has_to_be_known(
    kind: type[Fixed], requirement: Requirement | None
) -> None:
    good = kind(ANN)
    answer = await ask(gate(kind(Rejected("bad")), good, requirement=requirement))
    assert answer.status_code == 401
    assert good.asked == 0


@KINDS
async def test_an_anonymous_caller_passes_only_where_nobody_has_to_be_known(kind: type[Fixed]) -> None:
    request = Request({"type": "http", "headers": []})
    assert await ask(gate(kind(None)), request) is None
    assert request.auth is ANONYMOUS
    assert (await ask(gate(kind(None), requirement=Requirement()))).status_code == 401


@KINDS
async def test_a_scheme_that_finds_an_anonymous_user_lets_nobody_in(kind: type[Fixed]) -> None:
    nobody = Access(AnonymousUser(), "fixed", ["read"], ["editor"])
    for requirement in (Requirement(), Requirement.make(["read"]), Requirement.make(roles=["editor"])):
        assert (await ask(gate(kind(nobody), requirement=requirement))).status_code == 401


@KINDS
@pytest.mark.parametrize("requirement", [Requirement.make(["write"]), Requirement.make(roles=["admin"])])
async def test_a_known_caller_who_lacks_something_may_not(kind: type[Fixed], requirement: Requirement) -> None:
    assert (await ask(gate(kind(ANN), requirement=requirement))).status_code == 403


async def yes_later(connection: HTTPConnection, access: Access) -> bool:
    return access.identity == "ann"


POLICIES: dict[str, Callable[..., Any]] = {
    "yes": lambda connection, access: True,
    "yes later": yes_later,
    "no": lambda connection, access: False,
    "forgot to return": lambda connection, access: None,
    "truthy": lambda connection, access: "yes",
    "forgot to await": lambda connection, access: object(),
}


@KINDS
@pytest.mark.parametrize("name", POLICIES)
async def test_a_policy_lets_through_by_true_alone(kind: type[Fixed], name: str) -> None:
    what = gate(kind(ANN), requirement=Requirement.make(policies=["yes", name]), policies=POLICIES)
    answer = await ask(what)
    if name.startswith("yes"):
        assert answer is None
    else:
        assert answer.status_code == 403


@KINDS
async def test_a_policy_is_asked_only_about_callers_who_have_everything_else(kind: type[Fixed]) -> None:
    def policy(connection: HTTPConnection, access: Access) -> bool:
        raise AssertionError("asked")

    requirement = Requirement.make(["write"], policies=["p"])
    assert (await ask(gate(kind(ANN), requirement=requirement, policies={"p": policy}))).status_code == 403
    assert (await ask(gate(kind(None), requirement=requirement, policies={"p": policy}))).status_code == 401


def broken(connection: HTTPConnection, access: Access) -> bool:
    raise ValueError("hunter2")


async def broken_later(connection: HTTPConnection, access: Access) -> bool:
    return broken(connection, access)


class Broken(Scheme):
    name = "broken"

    def authenticate(self, connection: HTTPConnection) -> Any:
        raise ValueError("hunter2")


class BrokenLater(Broken):
    async def authenticate(self, connection: HTTPConnection) -> Any:
        return super().authenticate(connection)


FAILING: dict[str, tuple[Scheme, Any]] = {
    "broken": (Broken(), None),
    "broken ": (BrokenLater(), None),
    "policy p": (Fixed(ANN), broken),
    "policy p ": (Fixed(ANN), broken_later),
}


@pytest.mark.parametrize("what", FAILING)
async def test_what_fails_lets_nobody_in_and_is_told_to_the_audit(what: str, caplog: pytest.LogCaptureFixture) -> None:
    scheme, policy = FAILING[what]
    requirement = Requirement.make(policies=["p"] if policy else [])
    with pytest.raises(ValueError, match="hunter2"):
        await ask(gate(scheme, requirement=requirement, policies={"p": policy} if policy else {}))
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert (record.__dict__["auth"]["scheme"], record.__dict__["auth"]["reason"]) == (what.strip(), "ValueError")


async def test_only_what_has_to_wait_makes_a_gate_wait() -> None:
    assert type(gate(Fixed(ANN))) is Gate
    assert type(gate(Fixed(ANN), Later(ANN))) is AsyncGate
    policies = {"yes": POLICIES["yes"], "later": yes_later}
    assert type(gate(Fixed(ANN), requirement=Requirement.make(policies=["yes"]), policies=policies)) is Gate
    assert type(gate(Fixed(ANN), requirement=Requirement.make(policies=["later"]), policies=policies)) is AsyncGate


@pytest.mark.parametrize(
    ("access", "requirement", "status_code"),
    [
        (ANN, Requirement.make(["read"], ["editor"], ["yes", "yes later"]), None),
        (ANN, Requirement.make(["write"]), 403),
        (ANN, Requirement.make(policies=["no"]), 403),
        (ANONYMOUS, Requirement(), 401),
    ],
)
async def test_what_is_required_further_in_is_enforced_there(
    access: Access, requirement: Requirement, status_code: int | None
) -> None:
    connection = HTTPConnection({"type": "http", "method": "GET", "headers": [], "auth": access})
    what = gate(Fixed(ANN), policies=POLICIES)
    if status_code is None:
        await what.enforce(connection, requirement)
        return
    with pytest.raises(Refused) as caught:
        await what.enforce(connection, requirement)
    assert caught.value.status_code == status_code


async def test_a_policy_that_nobody_knows_and_a_caller_whom_somebody_else_knows_let_nobody_in() -> None:
    what = gate(Fixed(ANN))
    with pytest.raises(RuntimeError, match="'p', which is not among"):
        await what.enforce(HTTPConnection({"type": "http", "auth": ANN}), Requirement.make(policies=["p"]))
    with pytest.raises(RuntimeError, match="another middleware"):
        await what.enforce(HTTPConnection({"type": "http", "auth": object()}), Requirement())


async def test_refusals_are_answered_and_other_exceptions_are_not() -> None:
    response = PlainTextResponse("no", 403)
    request = Request({"type": "http", "headers": []})
    assert answer_refused(request, Refused(response)) is response
    assert answer_refused(request, ValueError()) is None
