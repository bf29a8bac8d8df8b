"""What tests use: fixtures, conformance classes, doubles."""
