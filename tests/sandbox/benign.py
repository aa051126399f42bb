"""What strategies may do: each case is the imports of a strategy and what its `on_start` does and checks by itself."""

CASES: dict[str, tuple[str, str]] = {
    "asyncio: sleep, gather, timeouts": (
        "import asyncio",
        """\
async def later(value, seconds):
    await asyncio.sleep(seconds)
    return value
assert await asyncio.gather(later(1, 0.02), later(2, 0), later(3, 0.01)) == [1, 2, 3]
try:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(10)
    raise AssertionError
except TimeoutError:
    pass""",
    ),
    "asyncio: timers, queues, locks, tasks": (
        "import asyncio",
        """\
loop = asyncio.get_running_loop()
done = loop.create_future()
loop.call_later(0.01, done.set_result, "rung")
assert await done == "rung"
queue = asyncio.Queue(2)
async def fill():
    for number in range(10):
        await queue.put(number)
async with asyncio.TaskGroup() as tasks:
    tasks.create_task(fill())
    assert [await queue.get() for _ in range(10)] == list(range(10))
async with asyncio.Lock(), asyncio.Semaphore(1):
    await asyncio.sleep(0)""",
    ),
    "asyncio: executors and threads": (
        "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor",
        """\
loop = asyncio.get_running_loop()
assert await loop.run_in_executor(None, sum, range(100)) == 4950
with ThreadPoolExecutor(2) as pool:
    assert await loop.run_in_executor(pool, max, 3, 4) == 4
assert await asyncio.to_thread(pow, 2, 10) == 1024""",
    ),
    "asyncio: a loop of one's own, and streams over a socket pair": (
        "import socket",
        """\
import asyncio
import threading
async def talk():
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    _, other = await asyncio.open_connection(sock=theirs)
    other.write(b"hello\\n")
    await other.drain()
    line = await reader.readline()
    writer.close()
    other.close()
    return line
found = []
thread = threading.Thread(target=lambda: found.append(asyncio.run(talk())))
thread.start()
thread.join()
assert found == [b"hello\\n"]""",
    ),
    "threads": (
        "import queue\nimport threading",
        """\
inbox, outbox = queue.Queue(), queue.Queue()
def work():
    while (item := inbox.get()) is not None:
        outbox.put(item * item)
threads = [threading.Thread(target=work, name=f"worker{n}") for n in range(4)]
for thread in threads:
    thread.start()
for number in range(20):
    inbox.put(number)
for _ in threads:
    inbox.put(None)
for thread in threads:
    thread.join(10)
assert sorted(outbox.get() for _ in range(20)) == [n * n for n in range(20)]
event, rung = threading.Event(), []
timer = threading.Timer(0.01, lambda: (rung.append(1), event.set()))
timer.start()
assert event.wait(10) and rung == [1]
local, barrier = threading.local(), threading.Barrier(2)
other = threading.Thread(target=barrier.wait)
other.start()
barrier.wait(10)
other.join()
assert threading.active_count() >= 1 and threading.get_native_id() > 0""",
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor, as_completed",
        """\
with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(abs, range(-50, 0))) == list(range(50, 0, -1))
    assert sum(each.result() for each in as_completed([pool.submit(pow, 2, n) for n in range(8)])) == 255""",
    ),
    "decimal": (
        "import decimal\nfrom decimal import Decimal as D",
        """\
with decimal.localcontext(prec=50, rounding=decimal.ROUND_DOWN) as context:
    assert str(D(1) / D(7)) == "0." + ("142857" * 9)[:50]
    context.traps[decimal.Inexact] = True
    try:
        D(1) / D(3)
        raise AssertionError
    except decimal.Inexact:
        pass
decimal.getcontext().prec = 6
assert D(2).sqrt() == D("1.41421") and D("2.675").quantize(D("0.01"), decimal.ROUND_HALF_EVEN) == D("2.68")""",
    ),
    "zoneinfo": (
        "import os\nimport zoneinfo\nfrom datetime import UTC, datetime, timedelta",
        """\
new_york = zoneinfo.ZoneInfo("America/New_York")
before = datetime(2024, 3, 10, 6, 59, tzinfo=UTC).astimezone(new_york)
after = datetime(2024, 3, 10, 7, 0, tzinfo=UTC).astimezone(new_york)
assert (before.hour, before.utcoffset()) == (1, timedelta(hours=-5))
assert (after.hour, after.utcoffset()) == (3, timedelta(hours=-4))
twice = datetime(2024, 11, 3, 1, 30, tzinfo=new_york)
assert twice.utcoffset() - twice.replace(fold=1).utcoffset() == timedelta(hours=1)
assert len(zoneinfo.available_timezones()) > 500
for name in ("Europe/London", "Asia/Tokyo", "US/Eastern", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"):
    zoneinfo.ZoneInfo(name)
assert zoneinfo.TZPATH == (os.environ["PYTHONTZPATH"],) and "share" not in zoneinfo.TZPATH[0]""",
    ),
    "the time zone of the process is UTC": (
        "import time\nfrom datetime import datetime",
        """\
assert time.tzname[0] == "UTC" and datetime(2024, 7, 1).timestamp() == 1719792000
assert time.strftime("%H:%M", time.localtime(0)) == "00:00" """,
    ),
    "dataclasses, enums, typing": (
        "import dataclasses\nimport enum\nimport typing",
        """\
@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Point:
    x: int
    y: typing.Annotated[int, "up"] = 0
class Side(enum.StrEnum):
    BUY = enum.auto()
assert dataclasses.replace(Point(1), y=2) == Point(1, 2) and dataclasses.asdict(Point(3)) == {"x": 3, "y": 0}
assert Side("buy") is Side.BUY
@dataclasses.dataclass
class Plain:
    x: int
    y: "str" = ""
import inspect
assert Plain.__doc__ == "Plain(x: int, y: 'str' = '')" and list(inspect.signature(Plain).parameters) == ["x", "y"]
assert dataclasses.inspect.get_annotations is inspect.get_annotations and inspect.__file__""",
    ),
    "sqlite in memory": (
        "import sqlite3",
        """\
with sqlite3.connect(":memory:") as base:
    base.execute("create table bars (symbol text, close real)")
    base.executemany("insert into bars values (?, ?)", [("A", n / 2) for n in range(5_000)])
    base.execute("create index by_close on bars (close)")
    average, = base.execute("select avg(close) from bars where symbol = 'A'").fetchone()
    ordered = base.execute("select close, row_number() over (order by close desc) from bars limit 2").fetchall()
assert average == 1249.75 and ordered == [(2499.5, 1), (2499.0, 2)]
base.close()""",
    ),
    "chance and hashes": (
        "import hashlib\nimport hmac\nimport os\nimport random\nimport secrets\nimport uuid",
        """\
assert len(secrets.token_bytes(32)) == len(os.urandom(32)) == len(os.getrandom(32)) == 32
assert secrets.token_hex() != secrets.token_hex() and uuid.uuid4() != uuid.uuid4() and uuid.uuid1().version == 1
assert random.Random(7).random() == 0.32383276483316237 and 0 <= random.SystemRandom().random() < 1
assert hashlib.sha256(b"x").hexdigest().startswith("2d711642") and hashlib.blake2b(b"x").digest_size == 64
assert hashlib.pbkdf2_hmac("sha256", b"a", b"b", 10) and hashlib.scrypt(b"a", salt=b"b", n=16, r=8, p=1)
assert hmac.new(b"key", b"text", "sha512").hexdigest()""",
    ),
    "texts and numbers": (
        "import csv\nimport fractions\nimport io\nimport json\nimport math\nimport re\nimport statistics",
        """\
assert json.loads(json.dumps({"a": [1, 2.5, None, "\\u00e9"]})) == {"a": [1, 2.5, None, "\\u00e9"]}
assert list(csv.DictReader(io.StringIO("a,b\\n1,2\\n"))) == [{"a": "1", "b": "2"}]
assert re.sub(r"(?P<w>\\w+)", lambda match: match["w"].title(), "to be") == "To Be"
assert statistics.linear_regression([1, 2, 3], [2, 4, 6]).slope == 2 and statistics.median([3, 1, 2]) == 2
assert fractions.Fraction(1, 3) + fractions.Fraction(1, 6) == fractions.Fraction(1, 2)
assert math.fsum([0.1] * 10) == 1""",
    ),
    "compression in memory": (
        "import bz2\nimport gzip\nimport io\nimport lzma\nimport zipfile\nimport zlib",
        """\
data = b"periscope" * 1000
for codec in (bz2, gzip, lzma, zlib):
    assert codec.decompress(codec.compress(data)) == data
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("a.txt", data)
assert zipfile.ZipFile(packed).read("a.txt") == data""",
    ),
    "files in memory": (
        "import io\nimport mmap\nimport os\nimport tempfile",
        """\
with tempfile.SpooledTemporaryFile(max_size=1 << 20) as spooled:
    spooled.write(b"x" * 1000)
    spooled.seek(0)
    assert len(spooled.read()) == 1000
with mmap.mmap(-1, 1 << 16, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as page:
    page[:5] = b"hello"
    assert page[:5] == b"hello"
with open(os.devnull, "w") as nowhere:
    print("gone", file=nowhere)
with open(os.devnull, "rb") as nowhere:
    assert nowhere.read() == b"" """,
    ),
    "streams turned elsewhere": (
        "import contextlib\nimport io\nimport os\nimport sys",
        """\
caught = io.StringIO()
with contextlib.redirect_stdout(caught), contextlib.redirect_stderr(caught):
    print("one")
    print("two", file=sys.stderr)
assert caught.getvalue() == "one\\ntwo\\n"
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    print("three")""",
    ),
    "logging": (
        "import logging\nimport logging.handlers\nimport sys",
        """\
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(threadName)s %(message)s")
logging.getLogger("desk").info("looked")
logging.getLogger("desk").handlers.append(logging.handlers.MemoryHandler(10))
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("divided")""",
    ),
    "the bundle's own files": (
        "from pathlib import Path\nimport helper\nimport parts.inner",
        """\
import csv
import importlib.resources
import os
here = Path(__file__).parent
with (here / "table.csv").open(newline="") as file:
    assert list(csv.reader(file)) == [["a", "b"], ["1", "2"]]
names = {path.name for path in here.iterdir()}
assert {"strategy.py", "helper.py", "table.csv", "parts"} <= names, names
assert names == set(os.listdir(here)) == {entry.name for entry in os.scandir(here)}
assert sorted(path.name for path in here.rglob("*.py")) == ["__init__.py", "helper.py", "inner.py", "strategy.py"]
assert helper.ANSWER == 42 and parts.inner.ANSWER == 43
assert (here / "table.csv").stat().st_size == 8 and (here / "table.csv").read_text().startswith("a,b")
assert Path(helper.__file__).parent == here and not (here / "nothing").exists()
assert importlib.resources.files("parts").joinpath("inner.py").read_text().startswith("ANSWER")""",
    ),
    "pickles and copies": (
        "import copy\nimport pickle\nfrom datetime import UTC, datetime",
        """\
made = {"a": [1, (2, 3)], "t": datetime(2024, 1, 1, tzinfo=UTC)}
assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made and copy.deepcopy(made) is not made""",
    ),
    "ctypes": (
        "import array\nimport ctypes\nimport struct",
        """\
class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int32), ("b", ctypes.c_double)]
assert ctypes.sizeof(Pair) == 16 and ctypes.sizeof(ctypes.c_void_p) == 8
called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)
assert called(4) == 5 and ctypes.CDLL(None).abs(-3) == 3
assert struct.unpack("<q", array.array("q", [5]).tobytes()) == (5,)""",
    ),
    "signals to oneself": (
        "import signal\nimport time",
        """\
rung = []
signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.01)
until = time.monotonic() + 10
while not rung and time.monotonic() < until:
    time.sleep(0.001)
assert rung == [1] and signal.alarm(5) == 0 and signal.alarm(0) > 0
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.raise_signal(signal.SIGCHLD)""",
    ),
    "warnings and tracebacks": (
        "import faulthandler\nimport linecache\nimport os\nimport sys\nimport traceback\nimport warnings",
        """\
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("careful")
assert str(caught[0].message) == "careful"
try:
    raise ValueError("odd")  # this very line
except ValueError:
    assert "this very line" in traceback.format_exc()
assert linecache.getline(__file__, 1) and traceback.extract_stack()
with open(os.devnull, "w") as nowhere:
    faulthandler.dump_traceback(nowhere)""",
    ),
    "the machine, as far as one may ask": (
        "import getpass\nimport locale\nimport os\nimport platform\nimport resource\nimport sys\nimport time",
        """\
locale.setlocale(locale.LC_ALL, "C.UTF-8")
assert locale.localeconv()["decimal_point"] == "." and "\\u00e9".encode() == b"\\xc3\\xa9"
assert platform.platform().startswith("Linux") and platform.python_version() and platform.machine()
assert os.cpu_count() >= 1 and os.process_cpu_count() >= 1 and len(os.sched_getaffinity(0)) >= 1
assert os.getpid() > 0 and os.getppid() >= 0 and os.getuid() >= 0 and os.getcwd() == "/"
assert sys.getrecursionlimit() == 1000 and sys.flags.hash_randomization == 0 and os.sysconf("SC_PAGE_SIZE") > 0
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0 and os.times().user >= 0
begun, also = time.perf_counter(), time.monotonic()
time.sleep(0.01)
assert 0.005 < time.perf_counter() - begun < 60 and time.monotonic() > also and time.process_time() > 0
assert time.time() > 1_700_000_000 and time.thread_time() >= 0 and time.get_clock_info("monotonic").monotonic""",
    ),
    "a socket pair": (
        "import select\nimport selectors\nimport socket",
        """\
ours, theirs = socket.socketpair()
with ours, theirs, selectors.DefaultSelector() as selector:
    selector.register(theirs, selectors.EVENT_READ)
    assert selector.select(0) == []
    ours.sendall(b"hello")
    assert len(selector.select(5)) == 1 and theirs.recv(10) == b"hello"
    theirs.setblocking(False)
    try:
        theirs.recv(1)
        raise AssertionError
    except BlockingIOError:
        pass
    assert select.select([], [ours], [], 1)[1] == [ours]""",
    ),
    "a pipe": (
        "import os",
        """\
reader, writer = os.pipe()
os.write(writer, b"hello")
os.close(writer)
with os.fdopen(reader, "rb") as file:
    assert file.read() == b"hello" """,
    ),
    "modules made at run time": (
        "import functools\nimport importlib\nimport inspect\nimport itertools\nimport types",
        """\
made = types.ModuleType("made")
exec(compile("def double(n): return 2 * n", "made.py", "exec"), made.__dict__)
assert made.double(4) == 8
assert importlib.import_module("xml.etree.ElementTree").fromstring("<a><b/></a>").find("b") is not None
assert "class Strategy" in inspect.getsource(importlib.import_module("strategy"))
assert functools.reduce(lambda a, b: a + b, itertools.islice(itertools.count(), 5)) == 10""",
    ),
    "contexts, generators, weak references": (
        "import contextlib\nimport contextvars\nimport weakref",
        """\
variable = contextvars.ContextVar("variable", default=1)
assert contextvars.copy_context().run(lambda: (variable.set(2), variable.get())[1]) == 2 and variable.get() == 1
with contextlib.ExitStack() as stack:
    stack.callback(lambda: None)
async def numbers():
    yield 1
    yield 2
assert [number async for number in numbers()] == [1, 2]
class Thing: pass
thing = Thing()
reference = weakref.ref(thing)
del thing
assert reference() is None""",
    ),
    "deep recursion and large memory": (
        "import gc\nimport sys",
        """\
sys.setrecursionlimit(20_000)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
assert down(15_000) == 15_000
block = bytearray(500 << 20)
block[::4096] = b"x" * len(block[::4096])
assert len(block) == 500 << 20
del block
gc.collect()""",
    ),
}

FILES = {"helper.py": "ANSWER = 42\n", "table.csv": "a,b\n1,2\n"}
"""What lies beside every strategy; a package `parts` lies there too."""
