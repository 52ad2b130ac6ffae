"""Pictures of a pipeline's task graph."""
