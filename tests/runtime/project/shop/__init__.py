"""A small project, as the runtime's tests run it."""
