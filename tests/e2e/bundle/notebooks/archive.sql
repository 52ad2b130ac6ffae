-- Databricks notebook source
CREATE OR REPLACE TABLE IDENTIFIER(:catalog || '.sales.archive') AS
SELECT country, price, int(:rows) AS of FROM IDENTIFIER(:catalog || '.sales.closed')
