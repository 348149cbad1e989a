"""`python -m predict` is the program `newsieve`."""

if __name__ == "__main__":  # worker processes import this module, and need nothing of it
    from predict.cli import main

    main()
