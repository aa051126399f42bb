"""Issue codes of the component `strategy`: what goes wrong while the user's code is loaded and run."""

from periscope.runs.issue_kinds import Classification, Component, IssueCode, Severity


def _code(code: str, severity: Severity, cause: str, example: str, mend: str) -> IssueCode:
    return IssueCode(code, Component.STRATEGY, Classification.USER_ERROR, severity, cause, example, mend)


STRATEGY_CODES: tuple[IssueCode, ...] = (
    _code(
        "BUNDLE_INVALID",
        Severity.FATAL,
        "The strategy's folder breaks a rule for bundles: a missing or empty file, its size, code that does not parse.",
        "strategy.py, line 12: '(' was never closed",
        "Run `periscope check PATH`; it lists every problem with file and line.",
    ),
    _code(
        "SCHEMA_INVALID",
        Severity.FATAL,
        "config_schema.json is not a usable JSON Schema, Draft 7, with an object at the top.",
        'config_schema.json, properties.symbol: "x-periscope-asset-type" must be EQUITY or FUTURE',
        "Correct the named place; docs/strategy-parameters.md shows each kind of parameter.",
    ),
    _code(
        "CONFIG_INVALID",
        Severity.FATAL,
        "The run's config breaks the strategy's schema or a rule of its own sections.",
        "strategy.fast: expected at least 1, found 0",
        "Change the named value; docs/core-keys.md lists the core keys, the schema lists the parameters.",
    ),
    _code(
        "STRATEGY_IMPORT_FAILED",
        Severity.FATAL,
        "A module of the bundle does not parse when it is imported.",
        "helpers.py, line 3: does not parse: expected ':'",
        "Correct the named line; `periscope check PATH` finds such places before a run.",
    ),
    _code(
        "STRATEGY_EXCEPTION",
        Severity.FATAL,
        "An exception left a handler, `__init__`, or the import of strategy.py.",
        "on_bar (BarEvent SPY): strategy.py, line 31: ZeroDivisionError: division by zero",
        "Look at the named line; the events before it stand in the results. Strategies may import the standard "
        "library, the two SDK packages and the bundle's own modules.",
    ),
    _code(
        "INVALID_ACTIONS",
        Severity.FATAL,
        "A handler returned something other than a list of actions.",
        "on_bar returned None, expected a list of actions",
        "Return a list from every handler; an empty list means nothing to do. on_stop returns None.",
    ),
    _code(
        "TOO_MANY_ACTIONS",
        Severity.FATAL,
        "One handler returned more actions than `core.limits.actions_per_reply`.",
        "on_timer returned 4,000 actions, the limit is 1,000",
        "Return fewer actions at a time, or raise the limit.",
    ),
    _code(
        "TOO_MANY_EVENTS_PER_INSTANT",
        Severity.FATAL,
        "More events than `core.limits.events_per_instant` fell on one instant, which is a loop as a rule.",
        "10,000 events at 2013-10-07T14:00:00Z, the last one OrderUpdateEvent SPY",
        "Look for a handler that answers each update of an order with another order.",
    ),
    _code(
        "HANDLER_TIMEOUT",
        Severity.FATAL,
        "A handler took longer than `core.limits.handler_seconds` of wall time.",
        "on_bar (BarEvent SPY, 2013-10-07T13:31:00Z) took longer than 10 s, at strategy.py, line 22",
        "Look for an endless loop at the named line, do less per event, or raise the limit.",
    ),
    _code(
        "START_TIMEOUT",
        Severity.FATAL,
        "Importing the strategy and making it took longer than `core.limits.start_seconds`.",
        "the strategy was not ready after 30 s",
        "Move heavy work out of module level and __init__, or raise the limit.",
    ),
    _code(
        "RUN_TIMEOUT",
        Severity.FATAL,
        "The whole run took longer than `core.limits.total_seconds`.",
        "the run was ended after 60 s of wall time, at 2013-10-07T15:12:00Z",
        "Shorten the window or raise the limit.",
    ),
    _code(
        "MEMORY_LIMIT",
        Severity.FATAL,
        "The strategy took more memory than `core.limits.memory_bytes`, or a MemoryError left its code. Where the "
        "kernel refuses memory the line is named. What the process holds is also measured, twenty times a second while "
        "the engine waits for it; then the process is ended.",
        "MemoryError (in on_bar): strategy.py, line 18",
        "Keep less: bound the history that you hold, look for a list that only grows. Or raise the limit. The stack of "
        "each thread counts as 8 MiB.",
    ),
    _code(
        "THREAD_LIMIT",
        Severity.FATAL,
        "The strategy had more than 256 threads, or there was no room for the stack of one more.",
        "the strategy had 300 threads; 256 are allowed",
        "Start a few threads and give them work through a queue. The stack of each counts as 8 MiB of memory.",
    ),
    _code(
        "CPU_LIMIT",
        Severity.FATAL,
        "The kernel ended the strategy's process because its processor time was used up. With "
        "`core.limits.total_seconds` it has that many seconds for each processor, and a minute.",
        "the strategy's process used up its processor time and was ended by signal 24 before the run was over",
        "Look for threads that never rest, shorten the window, or raise the limit.",
    ),
    _code(
        "FORBIDDEN_SYSTEM_CALL",
        Severity.FATAL,
        "The strategy's process made a system call through the table of another architecture, for which the kernel "
        "ends it at once. Other calls that are not allowed raise PermissionError.",
        "the strategy's process made a system call that no strategy may make, and was ended by signal 31",
        "Take out the machine code, or the library, that makes such calls.",
    ),
    _code(
        "STRATEGY_EXITED",
        Severity.FATAL,
        "The strategy's process ended by itself during the run, or somebody else on the machine ended it.",
        "the strategy's process ended by itself with exit status 3 before the run was over",
        "Remove calls such as sys.exit() and os._exit(). Signal 9 means as a rule that the machine ran out of memory: "
        "lower `core.limits.memory_bytes`, or run less beside it.",
    ),
    _code(
        "STRATEGY_OUTPUT_LIMIT",
        Severity.WARNING,
        "The strategy printed more than `core.limits.output_bytes`; the rest was not kept. The run goes on.",
        "output after the first 10,000,000 bytes was dropped",
        "Print less, or raise the limit.",
    ),
)
