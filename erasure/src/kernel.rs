//! The inner loop of everything: sums of coefficients times bytes.
//!
//! ```text
//! multiply_add   target += coefficient * source             a delta into the parity, a block out of a residual
//! multiply_sum   target  = sum of coefficient * source      a block of a lost primary, in one pass
//! ```
//!
//! Each processor does it with the best instructions that it has: [`Kernel::best`] looks once, at run time.
//! The loops are in `lanes`, the instructions in `portable` and `x86`. Coefficient 1, all that the first
//! fused server ever sees, is a plain xor.
//!
//! Invariant: every kernel gives the bytes that bitwise multiplication would give, at every length and
//! alignment; adding the same again takes it back, since addition is xor.

use std::sync::LazyLock;

mod lanes;
mod portable;
mod short;
#[cfg(target_arch = "x86_64")]
mod tables;
#[cfg(target_arch = "x86_64")]
mod words;
#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "vector instructions need the processor's word that it has them"
)]
mod x86;

pub use lanes::Term;

/// Adds `coefficient` times `source` to `target`.
///
/// # Panics
/// If the lengths differ.
pub fn multiply_add(coefficient: u8, source: &[u8], target: &mut [u8]) {
    Kernel::best().multiply_add(coefficient, source, target);
}

/// Writes the sum of all coefficients times their sources to `target`, whatever was in it; without terms that
/// is zero. One pass: every byte of the target is stored once.
///
/// # Panics
/// If the lengths differ.
pub fn multiply_sum(terms: &[Term<'_>], target: &mut [u8]) {
    Kernel::best().multiply_sum(terms, target);
}

/// Which instructions a kernel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// GFNI and AVX-512: 64 bytes at a time.
    Gfni512,
    /// GFNI and AVX2: 32 bytes at a time.
    Gfni256,
    /// AVX2: 32 bytes at a time, by tables of nibbles.
    Avx2,
    /// What every processor has.
    Portable,
}

impl Instructions {
    /// All of them, the fastest first.
    pub const ALL: [Self; 4] = [Self::Gfni512, Self::Gfni256, Self::Avx2, Self::Portable];
}

/// The arithmetic with one set of instructions. A value of it exists only if the processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel(Token);

/// What proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    #[cfg(target_arch = "x86_64")]
    Gfni512(x86::Gfni512),
    #[cfg(target_arch = "x86_64")]
    Gfni256(x86::Gfni256),
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2),
    Portable(portable::Portable),
}

/// The same expression with whichever token it is.
macro_rules! with_token {
    ($kernel:expr, $lanes:ident => $run:expr) => {
        match $kernel.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Gfni512($lanes) => $run,
            #[cfg(target_arch = "x86_64")]
            Token::Gfni256($lanes) => $run,
            #[cfg(target_arch = "x86_64")]
            Token::Avx2($lanes) => $run,
            Token::Portable($lanes) => $run,
        }
    };
}

impl Kernel {
    /// The fastest one that this processor has.
    pub fn best() -> Self {
        static BEST: LazyLock<Kernel> = LazyLock::new(|| {
            let mut kernels = Instructions::ALL.into_iter().filter_map(Kernel::with);
            kernels.next().expect("every processor has the portable kernel")
        });
        *BEST
    }

    /// The one with these instructions, if the processor has them.
    #[cfg(target_arch = "x86_64")]
    pub fn with(instructions: Instructions) -> Option<Self> {
        let token = match instructions {
            Instructions::Gfni512 => Token::Gfni512(x86::Gfni512::detect()?),
            Instructions::Gfni256 => Token::Gfni256(x86::Gfni256::detect()?),
            Instructions::Avx2 => Token::Avx2(x86::Avx2::detect()?),
            Instructions::Portable => Token::Portable(portable::Portable),
        };
        Some(Self(token))
    }

    /// The one with these instructions, if the processor has them.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn with(instructions: Instructions) -> Option<Self> {
        (instructions == Instructions::Portable).then_some(Self(Token::Portable(portable::Portable)))
    }

    /// [`multiply_add`] with this kernel.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn multiply_add(self, coefficient: u8, source: &[u8], target: &mut [u8]) {
        check_length(source, target);
        if coefficient != 0 {
            with_token!(self, lanes => lanes.add(coefficient, source, target));
        }
    }

    /// [`multiply_sum`] with this kernel.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn multiply_sum(self, terms: &[Term<'_>], target: &mut [u8]) {
        for (_, source) in terms {
            check_length(source, target);
        }
        with_token!(self, lanes => lanes.write(terms, target));
    }
}

fn check_length(source: &[u8], target: &[u8]) {
    assert_eq!(source.len(), target.len(), "lengths of source and target");
}

#[cfg(test)]
mod tests;
