//! The simulator: a stranger that shares no code with the client.
