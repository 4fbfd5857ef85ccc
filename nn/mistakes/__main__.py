"""Print the table of mistakes: ``python -m nn.mistakes > nn/mistakes.md``."""

from nn.mistakes import page

if __name__ == "__main__":
    print(page(), end="")
