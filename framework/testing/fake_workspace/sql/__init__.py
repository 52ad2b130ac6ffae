"""Statements of a SQL warehouse, executed for real on Delta tables of this machine: those that the framework makes."""
