"""Write the pages of the layers: ``python -m nn.layers [folder]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from nn.layers import LAYERS
from nn.layers.page import contents, file_name, page_of


def main(arguments: Sequence[str] = ()) -> None:
    """Write README.md and a page for each layer, beside the code or into a folder."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    (folder / "README.md").write_text(contents(), encoding="utf-8")
    for layer in LAYERS:
        (folder / file_name(layer)).write_text(page_of(layer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
