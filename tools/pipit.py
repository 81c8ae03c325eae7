"""gdb commands for a stopped Pipit, live or after a panic; tools/pipit.gdb loads them.

    pipit ps          processes and threads: state, what they sleep in, address of struct thread
    pipit bt TID      where a thread that does not run stands in the kernel
    pipit fds PID     its descriptors: file, dentry, inode, file system
    pipit pids        every struct pid with a process or an inode of pidfs, dead ones too
    pipit locks       locks held, by whom and taken where (debug kernels)
    pipit graph       processes, files, dentries, inodes: the lines of /proc/objgraph

Only reads memory. List walks end after a while even if a list is damaged.
"""
import gdb

LIMIT = 100000


def offset(kind, field):
    """Of a field in a struct, in bytes."""
    path = gdb.lookup_type(kind)
    for f in path.fields():
        if f.name == field:
            return f.bitpos // 8
    raise gdb.GdbError(f"{kind} has no {field}")


def entries(head, kind, link):
    """The structs on a struct list."""
    pointer = gdb.lookup_type(kind).pointer()
    at, start, back = head["next"], head.address, offset(kind, link)
    for _ in range(LIMIT):
        if at == start:
            return
        yield gdb.Value(int(at) - back).cast(pointer)
        at = at["next"]


def text(array):
    """A zero-ended char array."""
    return array.string(errors="replace").split("\0")[0] if array.type.code != gdb.TYPE_CODE_PTR \
        else (array.string(errors="replace") if int(array) else "")


def number(pid):
    """A struct pid's number in the first namespace; 0: it has none any more."""
    return int(pid["numbers"][0]["nr"]) if int(pid) else 0


def symbol(address):
    """FUNCTION (FILE:LINE) of a return address; the function that inlined the line, if one did."""
    block, name = gdb.block_for_pc(address - 1), ""
    while block:
        name = block.function.name if block.function else name
        block = block.superblock
    line = gdb.find_pc_line(address - 1)
    if not name:
        name = gdb.execute(f"info symbol {address}", to_string=True).split(" in section")[0]
    return name + (f" ({line.symtab.filename}:{line.line})" if line.symtab else "")


def tasks():
    yield from entries(gdb.parse_and_eval("all_tasks"), "struct task", "all_link")


def threads(task):
    yield from entries(task["threads"], "struct thread", "task_link")


def running():
    """Threads that CPUs are in now: address -> CPU."""
    area = gdb.parse_and_eval("percpu_area")
    count = int(gdb.parse_and_eval("nr_cpus"))
    return {int(area[i]["thread"]): i for i in range(max(count, 1))}


def state(thread, on_cpu):
    if int(thread) in on_cpu:
        return f"CPU {on_cpu[int(thread)]}"
    names = gdb.lookup_type("enum thread_state").fields()
    return names[int(thread["state"])].name.replace("THREAD_", "").lower()


def frames(thread):
    """Return addresses on the stack of a thread that does not run, innermost first."""
    u64 = gdb.lookup_type("unsigned long").pointer()
    stack = gdb.Value(int(thread["head"]["arch"]["rsp"])).cast(u64)
    yield int(stack[6])  # switch_stacks() pushed six registers, rbp first
    frame = int(stack[5])
    for _ in range(64):
        if frame < 1 << 63:
            return
        at = gdb.Value(frame).cast(u64)
        if not int(at[1]):
            return
        yield int(at[1])
        frame = int(at[0])


def sleeps_in(thread):
    """The first frame that is not about sleeping itself."""
    for address in frames(thread):
        where = symbol(address)
        if "(kernel/sched/" not in where and "(kernel/sync/" not in where:
            return where
    return "?"


def files_of(task):
    """(fd, struct file) of each descriptor."""
    files = next((t["files"] for t in threads(task) if int(t["files"])), None)
    if files is None:
        return
    for fd in range(int(files["capacity"])):
        file = files["slot"][fd]
        if int(file):
            yield fd, file


def inode_words(inode):
    return (f"i{int(inode['sb']['dev'])}:{int(inode['ino'])}",
            inode["sb"]["type"]["name"].string(), int(inode["refs"]["count"]))


def is_pidfs(inode):
    return inode["sb"]["type"]["name"].string() == "pidfs"


def pid_of(holder):
    return holder["private"].cast(gdb.lookup_type("struct pid").pointer())


def pidfs_inodes():
    """All inodes of pidfs, also those that no descriptor leads to."""
    try:
        sb = gdb.parse_and_eval("'fs/pidfs/pidfs.c'::pidfs.sb")
    except gdb.error:
        return
    for i in range(1 << int(sb["icache_bits"]) if int(sb["icache"]) else 0):
        inode = sb["icache"][i]
        while int(inode):
            yield inode
            inode = inode["hash_next"]


def find_thread(tid):
    for task in tasks():
        for thread in threads(task):
            if number(thread["pid"]) == tid:
                return task, thread
    raise gdb.GdbError(f"no thread {tid}")


def ps(_):
    on_cpu = running()
    print(f"{'PID':>6} {'TID':>6} {'STATE':<10} {'NAME':<16} {'struct thread':<18} where")
    for task in tasks():
        for t in threads(task):
            where = "" if int(t) in on_cpu else sleeps_in(t)
            print(f"{number(task['pid']):>6} {number(t['pid']):>6} {state(t, on_cpu):<10} "
                  f"{text(t['comm']):<16} {int(t):#018x} {where}")
        if task["is_zombie"]:
            print(f"{number(task['pid']):>6} {'':>6} {'zombie':<10}")


def bt(argument):
    thread = find_thread(int(argument))[1]
    if int(thread) in running():
        raise gdb.GdbError(f"it runs on CPU {running()[int(thread)]}: use gdb's own bt there")
    for i, address in enumerate(frames(thread)):
        print(f"#{i:<2} {address:#x} {symbol(address)}")


def fds(argument):
    for fd, file in files_of(find_thread(int(argument))[0]):
        name, fs, refs = inode_words(file["inode"])
        print(f"{fd:>4} file {int(file):#x} r{int(file['refs']['count'])}  "
              f"dentry {int(file['path']['dentry']):#x}  {name} r{refs} {fs}")


def pids(_):
    seen = {}
    for task in tasks():
        seen[int(task["pid"])] = (task["pid"], "")
    for inode in pidfs_inodes():
        pid = pid_of(inode)
        seen[int(pid)] = (pid, f"inode {int(inode):#x} r{int(inode['refs']['count'])}")
    print(f"{'NR':>6} {'INODE':>8} {'LIFE':<8} {'REFS':>4}  struct pid")
    lives = gdb.lookup_type("enum pid_life").fields()
    for pid, inode in seen.values():
        life = lives[int(pid["life"])].name.replace("PID_", "").lower()
        print(f"{number(pid):>6} {int(pid['ino']):>8} {life:<8} {int(pid['refs']['count']):>4}  "
              f"{int(pid):#x}  {inode}")


def rank_name(rank):
    for field in gdb.lookup_type("enum lockrank").fields():
        if field.enumval == rank:
            return field.name.replace("RANK_", "")
    return str(rank)


def print_held(who, held):
    for i in range(int(held["depth"])):
        h = held["held"][i]
        print(f"{who:<22} {rank_name(int(h['rank'])):<10} {int(h['lock']):#x} "
              f"taken in {symbol(int(h['ip']))}")


def locks(_):
    try:
        cpus = gdb.parse_and_eval("'kernel/sync/lockcheck.c'::cpu_held")
    except gdb.error:
        raise gdb.GdbError("only debug kernels keep track of locks") from None
    for cpu in range(int(gdb.parse_and_eval("nr_cpus"))):
        print_held(f"CPU {cpu}", cpus[cpu])
    for task in tasks():
        for t in threads(task):
            print_held(f"{number(t['pid'])} {text(t['comm'])}", t["locks"])


def graph(_):
    for task in tasks():
        nr, pid = number(task["pid"]), task["pid"]
        name = next((text(t["comm"]) for t in threads(task)), "")
        print(f"N pid p{int(pid['ino'])} nr={nr} refs={int(pid['refs']['count'])}")
        print(f"N task t{nr} threads={int(task['nr_threads'])} name={name}")
        print(f"E t{nr} p{int(pid['ino'])} pid\nE p{int(pid['ino'])} t{nr} task")
        for fd, file in files_of(task):
            d, inode = file["path"]["dentry"], file["inode"]
            word, fs, refs = inode_words(inode)
            print(f"E t{nr} f{int(file):x} {fd}\n"
                  f"N file f{int(file):x} refs={int(file['refs']['count'])}\n"
                  f"E f{int(file):x} d{int(d):x} dentry\n"
                  f"N dentry d{int(d):x} refs={int(d['refs']['count'])}\n"
                  f"E d{int(d):x} {word} inode\nN inode {word} fs={fs} refs={refs}")
            if is_pidfs(inode):
                print(f"E {word} p{int(pid_of(inode)['ino'])} private")
            elif "fallback_file_ops" in str(file["ops"]):
                print(f"E f{int(file):x} p{int(pid_of(file)['ino'])} private")


class Pipit(gdb.Command):
    __doc__ = __doc__

    COMMANDS = {"ps": ps, "bt": bt, "fds": fds, "pids": pids, "locks": locks, "graph": graph}

    def __init__(self):
        super().__init__("pipit", gdb.COMMAND_STATUS)

    def complete(self, _text, _word):
        return list(self.COMMANDS)

    def invoke(self, argument, _from_tty):
        name, _, rest = argument.strip().partition(" ")
        if name not in self.COMMANDS:
            raise gdb.GdbError(__doc__)
        self.COMMANDS[name](rest)


Pipit()
