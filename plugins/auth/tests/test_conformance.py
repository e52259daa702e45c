"""The plugin keeps the contract of plugins, on every path."""

from pegboard.testing import conformance_suite

TOKEN = "conformance-token-for-the-suite"

test_conformance = conformance_suite(
    "auth",
    settings={"tokens": [{"identity": "suite", "secret": TOKEN}]},
    headers={"authorization": f"Bearer {TOKEN}"},
    backends=("asyncio", "trio"),
    others={"logging": {"write": bytes}},
)
