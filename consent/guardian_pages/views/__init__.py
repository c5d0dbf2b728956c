"""The pages of guardians. GET shows, POST acts, and nothing is asked together with something else."""
