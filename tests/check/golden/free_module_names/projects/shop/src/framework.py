"""Hides the framework."""
