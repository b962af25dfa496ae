//! sandpitd: the gateway on TCP, and `doctor`.

fn main() {}
