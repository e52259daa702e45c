"""The plugin keeps the contract of plugins, on every path."""

from pegboard.testing import conformance_suite

test_conformance = conformance_suite(
    "gzip",
    settings={"minimum_size": 1},
    backends=("asyncio", "trio"),
    others={"logging": {"write": bytes}},
)
