"""For the tests of projects: ``pytest_plugins = ["framework.testing.fixtures"]`` in a conftest.py gives the fixtures."""
