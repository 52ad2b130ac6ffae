"""Does tasks of a run in a workspace once more, in a one-time run of their release, and compares what comes out."""
