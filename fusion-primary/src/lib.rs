//! One primary of a fused cluster: the library and the binary that hosts one structure.
