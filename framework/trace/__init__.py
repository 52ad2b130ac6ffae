"""Records of runs and histories of tables → answers: which code, data, compute, model and release made something."""
