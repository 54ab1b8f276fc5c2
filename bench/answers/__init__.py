"""``python -m bpfast.bench answers``: how good a sweep's answer is, beside what others give."""
