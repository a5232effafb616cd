"""Whether to believe the score: faults planted in clean sets in known doses, and what the score says of them.

    python -m benchmarks.validity [--minutes M] [--seeds N] [--processes P] [fault or probe ...]
    python -m benchmarks.validity page
    python -m benchmarks.validity tables
    python -m benchmarks.validity check [--record]

Every fault is planted in every base that it fits, in five doses; each upload is prepared, measured and
scored as a run would. Runs are kept, so a call goes on where the last one ended; ``page`` only writes
``benchmarks/results/validity.json`` and ``docs/validity.md`` anew, of all runs there are: detection at the
dose that does harm, also with the base left out; alarms on clean sets; whether the score rises with the dose;
calibration; and whether a fault raises its own probe most. ``tables`` writes the likelihood tables of the
score. ``check`` (``make validity``) is a subset that fails where the score has become worse.
"""
