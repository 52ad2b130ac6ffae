def tidy(names):
    print(names)
