"""The command line: parse, call a phase, print. No logic."""
