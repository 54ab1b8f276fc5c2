"""The benchmark of answers, and the study that the default search space was tuned by."""
