"""YAML → specs: what the user wrote, typed, every node with its place in a file."""
