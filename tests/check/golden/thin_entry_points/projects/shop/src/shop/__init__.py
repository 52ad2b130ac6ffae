def nightly() -> None:
    from shop import demand

    print([x for x in demand.__dict__ for y in x])
