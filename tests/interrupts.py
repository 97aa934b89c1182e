"""Interrupts that arrive where a test wants them, not by luck.

Python looks for a signal when a function begins, when a call of what is not written
in Python returns, and when a loop turns back; a Ctrl-C becomes an exception there
and nowhere else.
"""

import dis
import os
import pathlib
import sys

PACKAGE = str(pathlib.Path(__file__).parent.parent / "keras_inits") + os.sep
LOOKS_AFTER = ("RESUME", "CALL", "CALL_KW", "CALL_FUNCTION_EX", "JUMP_BACKWARD")


class _Places:
    """Counts the places of a call and interrupts it at one of them."""

    def __init__(self, place, files):
        self.left = place
        self.paths = tuple(PACKAGE + file for file in files)
        self.looks = {}  # frame -> whether Python looks before its next operation

    def trace(self, frame, event, argument):
        if self.looks.get(frame.f_back) in ("CALL", "CALL_KW"):
            self.looks[frame.f_back] = None  # the called function does it
        if not frame.f_code.co_filename.startswith(self.paths):
            return None
        # From Python 3.13 on, a frame without a function of its own tells no opcodes.
        frame.f_trace = self.step
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.step

    def step(self, frame, event, argument):
        if event != "opcode":
            return self.step
        if self.looks.get(frame):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        self.looks[frame] = name if name in LOOKS_AFTER else None
        return self.step


def interrupted_at(place, function, files):
    """Calls `function`, into which an interrupt comes at one of its places.

    Args:
        place: Number of the place, from 0, among those at which Python looks for a
            signal.
        function: What is called, without arguments.
        files: Paths within the package; places in other files do not count.

    Returns:
        The interrupt with its notes, or None if the call has fewer places.
    """
    before = sys.gettrace()
    # Python 3.12 tells opcodes only if some frame has asked before it is traced.
    sys._getframe().f_trace_opcodes = True
    sys.settrace(_Places(place, files).trace)
    try:
        function()
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.settrace(before)
    return None
