"""Specs and a target become a ResolvedPipeline: frozen, nothing left to look up."""
