"""For the tests of projects: put ``pytest_plugins = ["framework.testing.fixtures"]`` into a conftest.py."""
