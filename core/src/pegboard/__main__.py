"""``python -m pegboard``: the command line, also where scripts are not on the path."""

from pegboard.cli import main

if __name__ == "__main__":
    main()
