"""What may be done with drafts: start, edit file by file, check, publish, delete.

A draft is the bundle of a strategy while it is being edited. Its files lie in the store by their contents, as versions
and results do, so that a file is whole or not there, may be any bytes, and is in every backup; its rows say which they
are. So what a file is called in a row is also its *tag*: whoever changes a file says which contents they have seen,
and where there are others by now nothing is changed. Two editors never overwrite each other unseen.

Each rule answers with the draft as it then is, or says why not; a refusal has changed nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from periscope.runs.publishing import Published, check_files, publish_files, version_files
from periscope.runs.store.draft_rows import Draft, DraftFile, Editing, new_file
from periscope.runs.store.refusals import Refused
from periscope.runs.store.store import Store
from periscope.runs.store.version_rows import Version
from periscope.strategies.archive import read_archive
from periscope.strategies.bundle import SCHEMA_FILE, outline_problems
from periscope.strategies.problems import Problem
from periscope.strategies.starting import BUNDLE_TEMPLATE, example_bundles
from periscope.strategies.static_check import CheckResult
from periscope.strategies.versions import NAME_RULE, is_name, parse_reference

type Seen = Collection[str] | None
"""The tags that the caller has seen, one of which must still be true; None for a file that is not to be there yet."""

ANY = ("*",)
"""Whatever there is, but something."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, and the tag of the draft that was looked at."""

    tag: str
    result: CheckResult


def start_from(store: Store, strategy: str, source: str | None) -> Draft | Refused | list[Problem]:
    """Start a draft from the template, or from what `source` names: an example, or a version as NAME@NUMBER."""
    reference = parse_reference(source) if source is not None else None
    if reference is not None:
        version = store.versions.get(reference.strategy, reference.number)
        if version is None:
            return Refused("VERSION_NOT_FOUND", f"there is no version {source}", "`periscope versions` lists them")
        return start_from_version(store, strategy, version)
    folders = example_bundles()
    folder = BUNDLE_TEMPLATE if source is None else folders.get(source)
    if folder is None:
        return Refused("NO_EXAMPLE", f"there is no example {source!r}", f"there are {', '.join(folders) or 'none'}")
    paths = [*sorted(folder.glob("*.py")), folder / SCHEMA_FILE]
    return start(store, strategy, {path.name: path.read_bytes() for path in paths})


def start_from_version(store: Store, strategy: str, version: Version) -> Draft | Refused | list[Problem]:
    """Start a draft from a published version, of this strategy or of another."""
    return start(store, strategy, version_files(store, version), based_on=str(version))


def start_from_archive(store: Store, strategy: str, data: bytes, shown: str) -> Draft | Refused | list[Problem]:
    """Start a draft from an archive, which may come from a stranger. `shown` is what problems call it."""
    unpacked = read_archive(data, shown)
    return unpacked.problems or start(store, strategy, unpacked.files)


def start(
    store: Store, strategy: str, files: Mapping[str, bytes], based_on: str | None = None
) -> Draft | Refused | list[Problem]:
    """Start a draft with these files, which need be no valid bundle yet but must be within a bundle's limits."""
    if not is_name(strategy):
        return bad_name()
    problems = outline_problems({name: len(data) for name, data in files.items()}, strategy)
    if problems:
        return problems
    with store.files.keeping():
        rows = [new_file(name, store.files.put(data), len(data)) for name, data in sorted(files.items())]
        draft = store.drafts.add(strategy, rows, based_on)
    if draft is None:
        store.forget({row.content for row in rows})
        hint = f"`periscope drafts show {strategy}` shows it"
        return Refused("DRAFT_EXISTS", f"strategy {strategy} has a draft already", hint)
    return draft


def find(store: Store, strategy: str) -> Draft | Refused:
    """A strategy's draft."""
    return store.drafts.get(strategy) or no_draft(strategy)


def files(store: Store, draft: Draft) -> dict[str, bytes]:
    """All files of a draft by name."""
    return {name: store.files.read(file.content) for name, file in draft.files.items()}


def read(store: Store, strategy: str) -> tuple[Draft, dict[str, bytes]] | Refused:
    """A strategy's draft with the contents of its files, all of one moment."""
    with store.files.keeping():
        draft = find(store, strategy)
        return draft if isinstance(draft, Refused) else (draft, files(store, draft))


def read_file(store: Store, strategy: str, name: str) -> tuple[str, bytes] | Refused:
    """The tag and the content of one file."""
    with store.files.keeping():
        draft = find(store, strategy)
        if isinstance(draft, Refused):
            return draft
        file = draft.files.get(name)
        return no_file(strategy) if file is None else (file.content, store.files.read(file.content))


def put_file(store: Store, strategy: str, name: str, data: bytes, seen: Seen) -> Draft | Refused | list[Problem]:
    """Add a file to a draft (`seen` is None), or replace one whose contents the caller has seen.

    What is there already is not written again: who asks twice, having lost the first answer, is told that it is done.
    """
    problems = outline_problems({name: len(data)}, strategy)
    if problems:
        return problems
    with store.files.keeping():
        file = new_file(name, store.files.put(data), len(data))
        with store.drafts.editing(strategy) as editing:
            answer, unnamed = (no_draft(strategy), {file.content}) if editing is None else _put(editing, file, seen)
    store.forget(unnamed)
    return answer


def _put(editing: Editing, file: DraftFile, seen: Seen) -> tuple[Draft | Refused | list[Problem], set[str]]:
    """The answer, and the content that may no longer be needed."""
    draft = editing.draft
    old = draft.files.get(file.name)
    if old is not None and old.content == file.content:
        return draft, set()
    sizes = {each.name: each.bytes for each in draft.files.values()} | {file.name: file.bytes}
    refused = _unseen(None if old is None else old.content, seen, file.name) or outline_problems(sizes, draft.strategy)
    if refused:
        return refused, {file.content}
    editing.put(file)
    return editing.draft, set() if old is None else {old.content}


def remove_file(store: Store, strategy: str, name: str, seen: Seen) -> Draft | Refused:
    """Take a file out of a draft whose contents the caller has seen."""
    with store.drafts.editing(strategy) as editing:
        if editing is None:
            return no_draft(strategy)
        file = editing.draft.files.get(name)
        if file is None:
            return no_file(strategy)
        refused = _unseen(file.content, seen, name)
        if refused is not None:
            return refused
        editing.remove(name)
    store.forget({file.content})
    return editing.draft


def delete(store: Store, strategy: str, seen: Seen = ANY) -> Refused | None:
    """Remove a draft with its files; versions stay. `seen` are tags of the whole draft."""
    with store.drafts.editing(strategy) as editing:
        if editing is None:
            return no_draft(strategy)
        refused = _unseen(editing.draft.tag, seen, "the draft")
        if refused is not None:
            return refused
        editing.delete()
    store.forget({file.content for file in editing.draft.files.values()})
    return None


def check(store: Store, strategy: str, packages: Collection[str] = ()) -> Checked | Refused:
    """Everything that publishing a draft would find. `packages` are modules that strategies may import besides."""
    found = read(store, strategy)
    if isinstance(found, Refused):
        return found
    draft, contents = found
    return Checked(draft.tag, check_files(contents, packages))


def publish(store: Store, strategy: str, packages: Collection[str] = (), seen: Seen = ANY) -> Published | Refused:
    """Publish a draft, which stays for whoever goes on editing it. `seen` are tags of the whole draft."""
    found = read(store, strategy)
    if isinstance(found, Refused):
        return found
    draft, contents = found
    refused = _unseen(draft.tag, seen, "the draft")
    if refused is not None:
        return refused
    published = publish_files(store, strategy, contents, packages)
    if published.version is not None:
        with store.drafts.editing(strategy) as editing:
            if editing is not None and editing.draft.tag == draft.tag:
                editing.base_on(str(published.version))
    return published


def _unseen(tag: str | None, seen: Seen, what: str) -> Refused | None:
    """Why a change is refused by what the caller has seen of it; `tag` is that of what there is."""
    if tag is None:
        if seen is None:
            return None
        return Refused("DRAFT_CHANGED", f"{what} is not there any longer, or never was", "look at the draft again")
    if seen is None:
        hint = "say which contents you have seen, by their tag, or that any may be overwritten"
        return Refused("DRAFT_FILE_EXISTS", f"{what} is there already", hint)
    if "*" in seen or tag in seen:
        return None
    hint = "read it again, and make your change in what is there now"
    return Refused("DRAFT_CHANGED", f"{what} is not what you have seen: somebody changed it since", hint)


def bad_name() -> Refused:
    """What is said where a strategy can't have the name that it is to have."""
    return Refused("BAD_NAME", "a strategy can't have that name", f"it takes {NAME_RULE}")


def no_draft(strategy: str) -> Refused:
    """What is said where a strategy has no draft."""
    hint = "`periscope drafts list` shows what there is"
    return Refused("DRAFT_NOT_FOUND", f"there is no draft {strategy!r}", hint)


def no_file(strategy: str) -> Refused:
    """What is said of a file that a draft does not have."""
    hint = f"`periscope drafts show {strategy}` lists its files"
    return Refused("DRAFT_FILE_NOT_FOUND", f"the draft {strategy} has no file of that name", hint)
