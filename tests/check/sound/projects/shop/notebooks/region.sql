-- Databricks notebook source
select 1 from other.logs.daily_units
