//! The embedded engine: Linux namespaces through bubblewrap, no daemon.
