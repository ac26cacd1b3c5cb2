"""Runs a program on a terminal of its own, and answers when it asks.

    python3 terminal.py COLUMNS ANSWER PROGRAM ARGUMENT...

Everything that appears on the terminal goes to the standard output as it comes; the exit code is
the program's. The answer is sent once, behind the first "[y/N] "; empty = none is.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

columns, answer, program = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3:]
signal.alarm(100)  # a program that waits for ever must not keep the tests
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(program[0], program)

seen = b""
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:  # Linux: the program has ended
        break
    if not data:  # macOS: the same
        break
    os.write(1, data)
    seen += data
    if answer and b"[y/N] " in seen:
        os.write(terminal, answer)
        answer = b""
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
