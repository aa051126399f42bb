"""One adapter an engine: the same bars and the same logic, at the engine's usual fast settings.

Each module has `run(job: Job) -> Outcome`, and imports its engine when it is imported, not before.
"""
