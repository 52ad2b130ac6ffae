"""Putting a compiled bundle to work in a workspace: releases, the Databricks CLI, and the checks before it."""
