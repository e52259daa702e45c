"""The plugin keeps the contract of plugins, on every path."""

from pegboard.testing import conformance_suite

test_conformance = conformance_suite(
    "cors",
    settings={"allow_origins": ["https://conformance.example"], "allow_credentials": True},
    backends=("asyncio", "trio"),
    others={"logging": {"write": bytes}},
)
