"""Hides a module of Python."""
