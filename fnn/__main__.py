"""`python -m fnn` is the command `fnn`."""

from fnn.cli.main import main

if __name__ == "__main__":
    main()
