"""The plugin keeps the contract of plugins, on every path."""

from pegboard.testing import conformance_suite

test_conformance = conformance_suite("logging", settings={"write": bytes}, backends=("asyncio", "trio"))
