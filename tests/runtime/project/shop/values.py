"""Functions that leave task values."""


def count(context, rows):
    context.set_task_value("rows", rows)


def countries(context):
    context.set_task_value("countries", ["DE", "FR"])


def a_set(context):
    context.set_task_value("countries", {"DE"})
