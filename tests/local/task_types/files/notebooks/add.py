# Databricks notebook source
# ruff: noqa
dbutils.notebook.exit(int(dbutils.widgets.get("a")) + int(dbutils.widgets.get("b")))
