"""ResolvedPipeline → findings. Changes nothing, needs no network, never imports the project's code."""
