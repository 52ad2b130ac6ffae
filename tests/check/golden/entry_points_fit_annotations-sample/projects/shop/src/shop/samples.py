def sales() -> list[dict[str, object]]:
    return []
