"""Print the table of mistakes: ``python -m nn.diagnosis.mistakes > nn/diagnosis/mistakes.md``."""

from nn.diagnosis.mistakes.page import page

if __name__ == "__main__":
    print(page(), end="")
