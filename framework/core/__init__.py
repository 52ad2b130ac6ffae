"""The words every other room shares; standard library only."""
