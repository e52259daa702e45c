"""The plugin keeps the contract of Pegboard, on every path, as most boards have it and with everything on."""

from pegboard.testing import conformance_suite

test_conformance = conformance_suite(
    "server-timing", settings={"show": "always"}, backends=("asyncio", "trio"), budget=40
)

test_conformance_with_everything = conformance_suite(
    "server-timing", settings={"show": "always", "hooks": True, "trailers": True}, budget=100
)
