import sys


def main() -> None:
    print(sys.argv)
    for name in sys.argv:
        print(name)


def helper() -> None: ...


main()
