def total(rows):
    return sum(row for row in rows if row)


if __name__ == "__main__":
    for each in [1, 2]:
        print(total([each]))
