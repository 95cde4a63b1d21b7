"""frozen.py MODEL DATA WORK source|heads [OUT.json]: see run-frozen."""

import json
import os
import sys

import frozen_features
import frozen_heads
import frozen_points
import frozen_source
import frozen_stack

TRIES = {"source": frozen_source.judge, "heads": frozen_heads.judge, "points": frozen_points.judge,
         "stack": frozen_stack.judge}


def main():
    model, data, work, what = sys.argv[1:5]
    folder = os.path.join(work, "frozen", os.path.splitext(os.path.basename(model))[0])
    frozen_features.make(model, data, work, folder)
    result = TRIES[what](model, folder)
    if len(sys.argv) > 5:
        with open(sys.argv[5], "w") as f:
            json.dump(result, f, indent=1)
            f.write("\n")


main()
