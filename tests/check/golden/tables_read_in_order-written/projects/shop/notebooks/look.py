# Databricks notebook source
spark.table("logs.units").write.saveAsTable("spark_catalog.features.daily_units")
