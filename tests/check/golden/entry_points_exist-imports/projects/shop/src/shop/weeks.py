from datetime import date as daily


def note(): ...
