//! Full jitter, circuit breakers, and the state that processes share.
