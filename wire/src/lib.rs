//! Frames, codec, handshake, limits and connections.
