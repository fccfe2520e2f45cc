"""The command line from a clone: `python cli.py train --data linear` is `fnn train --data linear`."""

from fnn.cli.main import main

if __name__ == "__main__":
    main()
