"""Run training's command line: `python -m train`."""

import sys

try:
    from train.cli import main
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] in ("predict", "train"):
        raise
    sys.exit(f'train: {error.name} is not installed; training needs the extra "train": pip install "newsieve[train]"')

if __name__ == "__main__":
    main()
