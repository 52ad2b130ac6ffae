async def fetched(sales):
    return sales
