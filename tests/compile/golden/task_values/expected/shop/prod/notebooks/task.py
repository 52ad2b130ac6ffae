# Databricks notebook source
# Made by `framework compile`: it runs any task whose values other tasks refer to. The task's parameters say which.
from framework.runtime.notebook import run

dbutils.notebook.exit(run(dbutils))  # noqa: F821
