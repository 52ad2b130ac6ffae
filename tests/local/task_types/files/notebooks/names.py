# Databricks notebook source
# ruff: noqa
catalog = dbutils.widgets.get("catalog")


def table_name(schema, table):
    return f"{catalog}.{schema}.{table}"
