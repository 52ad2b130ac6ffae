# Databricks notebook source
NAMES = ["north"]
