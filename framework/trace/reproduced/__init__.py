"""Tasks of a run that are done once more: which, with what, and what came of them beside what came of them then."""
