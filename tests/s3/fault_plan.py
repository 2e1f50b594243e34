"""What a seed means: which requests are spoiled and how, and in what surroundings all of them are.

The n-th request meets the n-th decision; which request that is depends on the program's threads, so
a seed repeats a run nearly, not exactly.
"""
import random
import threading

# Each request for itself.
FAULTS = ("reset", "lost", "error", "unavailable", "slow_down", "cut", "long", "short", "flip_read",
          "flip_write", "flip_text", "drip", "pause", "redirect", "expired", "skewed")
# A service that has had enough says so to several in a row.
BURSTS = ("error", "unavailable", "slow_down", "reset")
SERVER_REGION = "us-east-1"
OTHER_REGION = "eu-west-1"


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
        self.one_in = self.random.choice((4, 8, 16, 40))
        self.kinds = FAULTS if self.random.random() < 0.5 else self.random.sample(FAULTS, 4)
        self.stalls = self.random.random() < 0.05
        chance = self.random.random()
        self.clock_ahead_s = self.random.choice((-7000, -1200, 1200, 90_000)) if chance < 0.2 else 0
        self.region = OTHER_REGION if 0.2 <= chance < 0.4 else SERVER_REGION
        self.tokens = Tokens(seed) if 0.4 <= chance < 0.6 else None
        self.lock = threading.Lock()
        # Guarded by lock:
        self.spoiling = True
        self.burst, self.burst_left = None, 0
        self.injected = {}

    def stop(self):
        """From now on everything passes as it is; the surroundings stay."""
        with self.lock:
            self.spoiling = False

    def start(self):
        with self.lock:
            self.spoiling = True
            self.burst_left = 0

    def choose(self, method, body):
        """The fault of the next request, or None, and a fraction that says where in it."""
        with self.lock:
            if not self.spoiling:
                return None, 0
            fault, where = self.next_fault(), self.random.random()
            if fault == "flip_read" and method != b"GET" or fault == "flip_write" and not body:
                return None, 0
            if fault:
                self.injected[fault] = self.injected.get(fault, 0) + 1
        if fault == "expired" and self.tokens:
            self.tokens.age()
        return fault, where

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
        return fault

    def __str__(self):
        around = [f"clock {self.clock_ahead_s:+d} s"] if self.clock_ahead_s else []
        around += ["another region"] if self.region != SERVER_REGION else []
        around += ["ageing tokens"] if self.tokens else []
        return f"one in {self.one_in}{''.join(', ' + word for word in around)}"
