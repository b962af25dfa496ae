// Errors that no code catches are told, as a terminal's deno tells them; the kernel would drop them in silence, and
// rest for many seconds after one that was thrown by a timer.
for (const kind of ["error", "unhandledrejection"]) {
  globalThis.addEventListener(kind, (event) => {
    event.preventDefault();
    console.error("Uncaught", kind === "error" ? event.error : event.reason);
  });
}
