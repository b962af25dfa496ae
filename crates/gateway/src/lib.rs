//! The router over every engine, and sandpitd, which serves it on TCP.
