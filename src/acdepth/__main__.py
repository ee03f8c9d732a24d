"""``python -m acdepth`` is the command ``acdepth``."""

from acdepth.cli.main import main

if __name__ == "__main__":
    main()
