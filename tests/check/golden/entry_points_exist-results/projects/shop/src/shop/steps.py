def rows(sales):
    for row in sales.collect():
        yield row


class Rows:
    def __init__(self, sales): ...


def positional(sales, context, /): ...


def from_rows(sales): ...
