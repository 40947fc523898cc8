"""A photo decoder that succeeds only when it can read its parent's secret."""

import json
import os

if __name__ == "__main__":
    found = os.environ.get("HUAJIAN_AUTH__SECRET")
    print(json.dumps({"width_px": 1, "height_px": 1} if found else {}))
