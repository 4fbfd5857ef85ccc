"""Files that `python -m nn check --template` prints, one a convention of the weights."""
