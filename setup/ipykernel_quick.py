"""Starts ipykernel for the one client that it has here, the agent, and for short runs.

What is other than with `python -m ipykernel_launcher`:

- The debugger is not loaded. That is a quarter of a kernel's start, and the agent asks for none.
- A flush waits only when there is something to send (`Stream`).
- There is no pause before the reply to a run. It is for clients that take the reply for the end of the output;
  the agent waits for the message that says so.
- Requests are read by the thread that runs them, and there are no subshells (`App`, `Kernel`).
- An interrupt is heard at once by code that awaits (`Kernel.start`).
- What nobody reads is not logged, and what does not change is not asked again.

What ipykernel would have to be like for this is asked first (`fits`). Where it is not, the kernel is the ordinary one.
"""

import inspect
import os
import select
import signal
import sys
import threading

# Taken by ipykernel for not installed; for the code of a notebook it is there as ever.
sys.modules["debugpy"] = None
try:
    import ipykernel.debugger
except ImportError:
    pass
finally:
    del sys.modules["debugpy"]
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell

# All that a pipe holds.
PIPE = 64 * 1024


class Stream(OutStream):
    """`sys.stdout` and `sys.stderr`.

    ipykernel flushes both three times in a run, and each time waits until its thread for outputs had its turn.
    What that wait also did, by chance and not always, is done here in any case: what programs and libraries
    wrote to the descriptor, which a thread reads from a pipe, comes before what is said after the flush.
    """

    # ipykernel keeps text for 0.2 s before it sends it.
    flush_interval = 0.01
    _sending = False

    def flush(self):
        if self._fid is not None and self._is_master_process():
            self._hear()
        # In this order: text leaves the buffers after `_sending` is set.
        if self._buffers or self._sending:
            super().flush()

    def _flush(self):
        self._sending = True
        try:
            super()._flush()
        finally:
            self._sending = False

    def _setup_stream_redirects(self, name):
        self._hearing = threading.RLock()
        super()._setup_stream_redirects(name)
        os.set_blocking(self._fid, False)

    def _watch_pipe_fd(self):
        poll = select.poll()
        poll.register(self._fid, select.POLLIN)
        try:
            while self._should_watch:
                poll.poll()
                if self._should_watch:
                    self._hear()
        except Exception:
            self._exc = sys.exc_info()

    def _hear(self):
        """Takes what is in the pipe. It is there, or in the buffers, and never between where no flush finds it."""
        with self._hearing:
            try:
                written = os.read(self._fid, PIPE)
            except BlockingIOError:
                return
            self.write(written.decode(errors="replace"))
        os.write(self._original_stdstream_copy, written)


class NoThread:
    """Stands where ipykernel keeps the thread that hands requests to subshells. It looks there for who runs code."""

    parent_thread = threading.main_thread()

    def __bool__(self):
        return False


class App(IPKernelApp):
    def init_control(self, context):
        super().init_control(context)
        self.shell_channel_thread.io_loop.close()
        self.shell_channel_thread = None


class Kernel(IPythonKernel):
    _supports_kernel_subshells = False

    def __init__(self, **traits):
        super().__init__(**traits | {"shell_channel_thread": NoThread()})

    def start(self):
        super().start()
        # While asyncio has a handler of its own, any signal ends its wait. Else an interrupt of `await` is heard only
        # when the loop has something to do.
        self.io_loop.asyncio_loop.add_signal_handler(signal.SIGURG, lambda: None)


def names(*functions):
    """Names of attributes that `functions` use."""
    return {name for function in functions for name in function.__code__.co_names}


def fits():
    """Whether ipykernel has all that is built on here."""
    try:
        stream = names(OutStream.__init__, OutStream._setup_stream_redirects, OutStream._watch_pipe_fd)
        stream |= names(OutStream.flush, OutStream._flush, OutStream.write)
        return (
            stream >= {"_fid", "_buffers", "_should_watch", "_exc", "_original_stdstream_copy", "_is_master_process"}
            and "shell_channel_thread" in names(IPKernelApp.init_control, IPKernelApp.init_kernel)
            and isinstance(IPythonKernel._supports_kernel_subshells, property)
            and {"shell_channel_thread", "parent_thread"} <= names(IPythonKernel.do_execute)
        )
    except AttributeError:
        return False


def start(arguments):
    if not fits():
        return IPKernelApp.launch_instance(arguments)
    # Looked at in each run.
    run = ZMQInteractiveShell.run_cell_async
    run.__signature__ = inspect.signature(run)
    App.launch_instance(
        [*arguments, "--IPythonKernel._execute_sleep=0"],
        kernel_class=Kernel,
        outstream_class=f"{__name__}.{Stream.__name__}",
        # What its handler would drop is made a record of otherwise, four in a run.
        logging_config={"loggers": {App.__name__: {"level": "WARNING"}}},
    )


if __name__ == "__main__":
    # This folder is no place for modules.
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    start(sys.argv[1:])
