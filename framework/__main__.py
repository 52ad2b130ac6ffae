"""``python -m framework``, and the command ``framework``."""

from framework.cli.app import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
