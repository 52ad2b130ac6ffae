# Databricks notebook source
PRICES = [("DE", 1.0), ("DE", 4.5), ("FR", 2.5), ("IT", 1.5)]
