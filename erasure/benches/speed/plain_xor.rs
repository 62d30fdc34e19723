//! What the kernels are compared with: the loops that anybody would write, made as fast as the compiler can.
//!
//! They are compiled for the processor's widest registers, AVX-512's too, by the library `pulp`; nothing of this
//! crate is in them.

use pulp::Arch;

/// Buffers that are decoded from.
pub(crate) const FIVE: usize = 5;

/// `target ^= source`.
pub(crate) fn xor(arch: Arch, source: &[u8], target: &mut [u8]) {
    arch.dispatch(
        #[inline(always)]
        || {
            for (target, source) in target.iter_mut().zip(source) {
                *target ^= source;
            }
        },
    );
}

/// `target = ` the xor of five sources, in one pass.
pub(crate) fn xor_five(arch: Arch, [a, b, c, d, e]: [&[u8]; FIVE], target: &mut [u8]) {
    arch.dispatch(
        #[inline(always)]
        || {
            let sources = a.iter().zip(b).zip(c).zip(d).zip(e);
            for (target, ((((a, b), c), d), e)) in target.iter_mut().zip(sources) {
                *target = a ^ b ^ c ^ d ^ e;
            }
        },
    );
}
