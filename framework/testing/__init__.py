"""For the tests of projects. Pytest finds the fixtures by itself where the framework is installed."""
