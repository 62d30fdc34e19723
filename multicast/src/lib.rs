//! Ordered delivery: Skeen's atomic multicast and the FIFO multicast that carries fusion's deltas.
