"""Node.js, which runs the page's modules without a browser. Without it their tests are skipped, except in CI."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import viz.page

FOLDER = Path(viz.page.__file__).parent
PURE = ("computation", "words", "packing", "camera")


@pytest.fixture(scope="session")
def node():
    """Run the body of a function of `given` in Node, where each module goes by its name; return what it returns."""
    if not shutil.which("node"):
        if os.environ.get("LIFTGRAD_BROWSER") == "required":
            pytest.fail("LIFTGRAD_BROWSER=required, but node is missing")
        pytest.skip("needs node")
    imports = "".join(f'import * as {name} from "{(FOLDER / f"{name}.mjs").as_uri()}";\n' for name in PURE)

    def run(body, given=None):
        # JSON.stringify writes NaN and infinities as null: numbers come back as text where they may be those.
        code = f"{imports}const result = (given => {{ {body} }})({json.dumps(given)});\n"
        code += "process.stdout.write(JSON.stringify(result));\n"
        command = ["node", "--input-type=module", "-"]
        done = subprocess.run(command, input=code, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
