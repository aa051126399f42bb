"""Which Periscope this is."""


def release() -> str:
    """The version of the installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("periscope-trading")
    except PackageNotFoundError:
        return "unknown"
