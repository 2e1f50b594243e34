"""The command line that the crash drivers share."""
import argparse
import os
import random


class Options(argparse.Namespace):
    def choose(self, total):
        """Points in 1..total: half spread evenly, half at random; all of them when asked."""
        if self.only:
            return [self.only]
        if self.points == "all" or int(self.points) >= total:
            return list(range(1, total + 1))
        wanted = int(self.points)
        even = {1 + i * total // ((wanted + 1) // 2) for i in range((wanted + 1) // 2)}
        rng = random.Random(self.seed)
        rest = sorted(set(range(1, total + 1)) - even)
        return sorted(even | set(rng.sample(rest, wanted - len(even))))


def parse(text, what, default_points, extra=None):
    parser = argparse.ArgumentParser(description=text,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stateferry")
    parser.add_argument("shim")
    parser.add_argument("workload")
    parser.add_argument("--points", default=os.environ.get("SF_CRASH_POINTS") or default_points,
                        help=f"how many points to {what} at, or all")
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("SF_CRASH_SEED") or random.randrange(1 << 30)))
    parser.add_argument("--only", type=int, default=0, help="this point only")
    if extra:
        parser.add_argument(extra[0], choices=extra[1])
    return parser.parse_args(namespace=Options())
