//! PID 1 of every sandbox: serves the sandbox API over HTTP and WebSocket.
