"""The harness' own tests use the fixtures of its plugin; `laboratory` comes from there."""

from __future__ import annotations

import signal

# A shell starts its background jobs with SIGINT ignored, and what a test starts and interrupts would ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
