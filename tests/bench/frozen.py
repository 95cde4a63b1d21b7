"""frozen.py MODEL DATA WORK source|heads [OUT.json]: see run-frozen."""

import json
import os
import sys

import frozen_features
import frozen_heads
import frozen_points
import frozen_source
import frozen_stack

TRIES = {"source": frozen_source, "heads": frozen_heads, "points": frozen_points, "stack": frozen_stack}


def main():
    model, data, work, what = sys.argv[1:5]
    name, needed = os.path.splitext(os.path.basename(model))[0], getattr(TRIES[what], "needed", None)
    folder = os.path.join(work, "frozen", f"{name}-{what}" if needed else name)
    frozen_features.make(model, data, work, folder, needed or (lambda row: True))
    result = TRIES[what].judge(model, folder)
    if len(sys.argv) > 5:
        with open(sys.argv[5], "w") as f:
            json.dump(result, f, indent=1)
            f.write("\n")


main()
