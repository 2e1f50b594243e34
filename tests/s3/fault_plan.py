"""What a seed means: which commands run, in what surroundings, and which requests are spoiled how.

The n-th request meets the n-th decision; which request that is depends on the program's threads, so
a seed repeats a run nearly, not exactly.
"""
import collections
import random
import threading

SHAPES = ("copy", "copy", "relocate", "managed copy", "managed relocate")
# Each request for itself.
FAULTS = ("reset", "lost", "error", "unavailable", "slow_down", "cut", "long", "short", "flip_read",
          "flip_write", "flip_text", "drip", "pause", "redirect", "expired", "skewed")
# A service that has had enough says so to several in a row.
BURSTS = ("error", "unavailable", "slow_down", "reset")
SERVER_REGION = "us-east-1"
OTHER_REGION = "eu-west-1"
# All that has to be met by many schedules together, and what it is.
KINDS = {"reset": "connection reset before the request",
         "lost": "connection reset instead of the answer",
         "cut": "body of an answer cut off",
         "long": "Content-Length larger than the body",
         "short": "Content-Length smaller than the body",
         "flip_read": "flipped bit in the bytes of an object",
         "flip_text": "flipped bit in another answer",
         "flip_write": "flipped bit in a request's body",
         "error": "500 InternalError",
         "unavailable": "503 ServiceUnavailable, Retry-After",
         "slow_down": "503, slow down",
         "burst": "bursts of 500, 503 or resets",
         "drip": "slow drip of an answer",
         "pause": "answer after a pause",
         "redirect": "301 to another region or address",
         "expired": "expired token",
         "skewed": "time too skewed",
         "clock": "schedules under another clock",
         "region": "schedules under another region",
         "tokens": "schedules with ageing tokens"}
RARE = {"stall": "answer that never comes"}


class Tokens:
    """Session tokens that age: only the newest counts.  Thread-safe."""

    def __init__(self, seed):
        self.lock = threading.Lock()
        self.prefix = f"token-of-{seed:x}-"
        self.number = 1  # guarded by lock

    def current(self):
        with self.lock:
            return f"{self.prefix}{self.number}-secret"

    def is_current(self, token):
        return token == self.current()

    def age(self):
        with self.lock:
            self.number += 1


class FaultPlan:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.shape = self.random.choice(SHAPES)
        self.service = self.random.choice(("s3", "s3", "oss"))
        self.tls = self.random.random() < 0.35
        # A snapshot takes fewer requests.
        self.one_in = self.random.choice((4, 8, 16, 40) if self.shape == "copy" else (3, 5, 10, 20))
        self.kinds = FAULTS if self.random.random() < 0.5 else self.random.sample(FAULTS, 4)
        self.stalls = self.random.random() < 0.05
        chance = self.random.random()
        self.clock_ahead_s = self.random.choice((-7000, -1200, 1200, 90_000)) if chance < 0.2 else 0
        # OSS refuses a wrong region for good.
        moved = 0.2 <= chance < 0.4 and self.service == "s3"
        self.region = OTHER_REGION if moved else SERVER_REGION
        self.tokens = Tokens(seed) if 0.4 <= chance < 0.6 else None
        self.lock = threading.Lock()
        # Guarded by lock:
        self.spoiling = True
        self.burst, self.burst_left = None, 0
        self.injected = collections.Counter(clock=bool(self.clock_ahead_s), region=moved,
                                            tokens=bool(self.tokens))

    def stop(self):
        """From now on everything passes as it is; the surroundings stay."""
        with self.lock:
            self.spoiling = False

    def start(self):
        with self.lock:
            self.spoiling = True
            self.burst_left = 0

    def choose(self, body):
        """The fault of the next request, or None, and a fraction that says where in it.  What came
        of it is told by did()."""
        with self.lock:
            if not self.spoiling:
                return None, 0
            fault, where = self.next_fault(), self.random.random()
        if fault == "flip_write" and not body:
            return None, 0
        if fault == "expired" and self.tokens:
            self.tokens.age()
        return fault, where

    def did(self, fault):
        with self.lock:
            self.injected[fault] += 1

    def next_fault(self):
        if self.burst_left > 0:
            self.burst_left -= 1
            return self.burst
        if self.random.randrange(self.one_in):
            return None
        if self.stalls and self.random.random() < 0.1:
            self.stalls = False
            return "stall"
        fault = self.random.choice(self.kinds)
        if fault in BURSTS and self.random.random() < 0.3:
            self.burst, self.burst_left = fault, self.random.randrange(2, 12)
            self.injected["burst"] += 1
        return fault

    def faults(self):
        """How many requests were spoiled."""
        return sum(self.injected[fault] for fault in (*FAULTS, *RARE))

    def columns(self):
        """What the schedule is counted under."""
        return ("all", self.shape, self.service, "tls" if self.tls else "plain")

    def __str__(self):
        around = [f"clock {self.clock_ahead_s:+d} s"] if self.clock_ahead_s else []
        around += ["another region"] if self.region != SERVER_REGION else []
        around += ["ageing tokens"] if self.tokens else []
        return (f"{self.shape}, {self.service}, {'tls' if self.tls else 'plain'}, "
                f"one in {self.one_in}{''.join(', ' + word for word in around)}")
