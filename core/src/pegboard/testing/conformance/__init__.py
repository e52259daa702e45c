"""The contract of plugins as checks that any plugin runs: see `pegboard.testing.conformance.suite`."""
