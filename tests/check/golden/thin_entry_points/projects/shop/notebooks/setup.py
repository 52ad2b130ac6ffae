# Databricks notebook source
class Settings:
    days = 7
