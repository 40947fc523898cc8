"""What happens to child processes of ours."""

import os
import signal

import psutil


def children(module: str) -> list[int]:
    """Process ids of what this process runs as `python -m module`; not of those that only wait to be reaped.

    By the parent's id: the kernel keeps lists of children by thread, and a thread may end while one reads.
    """
    found = []
    for child in psutil.Process().children():
        try:
            words = child.cmdline()
        except psutil.NoSuchProcess:  # a zombie too
            continue
        if module in words:
            found.append(child.pid)
    return found


def kill_children(module: str) -> int:
    """As the kernel does when memory runs out; how many."""
    pids = children(module)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # whoever started it hears of it too
    return len(pids)
