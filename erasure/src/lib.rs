//! Coefficients, parity, residuals and decoding over GF(2^8).
