//! The loops that all kernels share: products and their sums, many bytes at a time.
//!
//! [`Lanes`] is what an instruction set offers; [`add`] and [`write`] are written once on top of it. Both walk
//! over their target once: a stretch of it stays in registers while every source adds its product, so any
//! number of sources costs one pass.
//!
//! Invariant: every byte of the target is stored exactly once, and nothing outside of it.

/// A coefficient and the bytes that it multiplies.
pub type Term<'a> = (u8, &'a [u8]);

/// Vectors that are summed up side by side: so many that one need not wait for another's result.
const UNROLLED: usize = 4;

/// Vectors of bytes, and their product with a coefficient. The value is the proof that the processor has
/// the instructions; every method is compiled into a caller that is compiled for them.
pub(super) trait Lanes: Copy {
    /// [`Self::BYTES`] bytes in a register.
    type Vector: Copy;
    /// A coefficient, as the multiplication wants it.
    type Factor: Copy;
    /// Bytes in a vector.
    const BYTES: usize;

    fn factor(self, coefficient: u8) -> Self::Factor;
    fn zero(self) -> Self::Vector;
    /// Of [`Self::BYTES`] bytes.
    fn load(self, bytes: &[u8]) -> Self::Vector;
    /// Of fewer bytes than that; what is behind them does not matter.
    fn load_partial(self, bytes: &[u8]) -> Self::Vector;
    /// To [`Self::BYTES`] bytes.
    fn store(self, vector: Self::Vector, bytes: &mut [u8]);
    /// To fewer bytes than that.
    fn store_partial(self, vector: Self::Vector, bytes: &mut [u8]);
    fn xor(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn multiply(self, factor: Self::Factor, vector: Self::Vector) -> Self::Vector;
}

// No vector goes through a closure: one that the compiler chose not to inline would be compiled without the
// instructions, and take a hundred times as long.

/// Adds the product to the target, which is as long as the source.
#[inline(always)]
pub(super) fn add<L: Lanes>(lanes: L, coefficient: u8, source: &[u8], target: &mut [u8]) {
    match coefficient {
        1 => add_product(Ones(lanes), 1, source, target),
        _ => add_product(lanes, coefficient, source, target),
    }
}

/// Writes the sum of the products over the target, which is as long as every source.
#[inline(always)]
pub(super) fn write<L: Lanes>(lanes: L, terms: &[Term<'_>], target: &mut [u8]) {
    match terms.iter().all(|(coefficient, _)| *coefficient == 1) {
        true => write_sum(Ones(lanes), terms, target),
        false => write_sum(lanes, terms, target),
    }
}

#[inline(always)]
fn add_product<L: Lanes>(lanes: L, coefficient: u8, source: &[u8], target: &mut [u8]) {
    let factor = lanes.factor(coefficient);
    let mut sources = source.chunks_exact(UNROLLED * L::BYTES);
    let mut targets = target.chunks_exact_mut(UNROLLED * L::BYTES);
    for (source, target) in sources.by_ref().zip(targets.by_ref()) {
        for (source, target) in source
            .chunks_exact(L::BYTES)
            .zip(target.chunks_exact_mut(L::BYTES))
        {
            add_vector(lanes, factor, source, target);
        }
    }
    let mut sources = sources.remainder().chunks_exact(L::BYTES);
    let mut targets = targets.into_remainder().chunks_exact_mut(L::BYTES);
    for (source, target) in sources.by_ref().zip(targets.by_ref()) {
        add_vector(lanes, factor, source, target);
    }
    let (source, target) = (sources.remainder(), targets.into_remainder());
    if !target.is_empty() {
        let product = lanes.multiply(factor, lanes.load_partial(source));
        lanes.store_partial(lanes.xor(product, lanes.load_partial(target)), target);
    }
}

#[inline(always)]
fn add_vector<L: Lanes>(lanes: L, factor: L::Factor, source: &[u8], target: &mut [u8]) {
    let product = lanes.multiply(factor, lanes.load(source));
    lanes.store(lanes.xor(product, lanes.load(target)), target);
}

#[inline(always)]
fn write_sum<L: Lanes>(lanes: L, terms: &[Term<'_>], target: &mut [u8]) {
    let mut at = 0;
    let mut blocks = target.chunks_exact_mut(UNROLLED * L::BYTES);
    for block in blocks.by_ref() {
        let sums = sums::<L, UNROLLED>(lanes, terms, at);
        for (sum, bytes) in sums.into_iter().zip(block.chunks_exact_mut(L::BYTES)) {
            lanes.store(sum, bytes);
        }
        at += UNROLLED * L::BYTES;
    }
    let mut vectors = blocks.into_remainder().chunks_exact_mut(L::BYTES);
    for vector in vectors.by_ref() {
        let [sum] = sums(lanes, terms, at);
        lanes.store(sum, vector);
        at += L::BYTES;
    }
    let rest = vectors.into_remainder();
    if !rest.is_empty() {
        lanes.store_partial(partial_sum(lanes, terms, at), rest);
    }
}

/// The sums of `COUNT` vectors from byte `at` on.
#[inline(always)]
fn sums<L: Lanes, const COUNT: usize>(lanes: L, terms: &[Term<'_>], at: usize) -> [L::Vector; COUNT] {
    let mut sums = [lanes.zero(); COUNT];
    for (coefficient, source) in terms {
        let factor = lanes.factor(*coefficient);
        let source = &source[at..at + COUNT * L::BYTES];
        for (sum, bytes) in sums.iter_mut().zip(source.chunks_exact(L::BYTES)) {
            *sum = lanes.xor(*sum, lanes.multiply(factor, lanes.load(bytes)));
        }
    }
    sums
}

/// The sum of what is behind byte `at`, less than a vector.
#[inline(always)]
fn partial_sum<L: Lanes>(lanes: L, terms: &[Term<'_>], at: usize) -> L::Vector {
    let mut sum = lanes.zero();
    for (coefficient, source) in terms {
        let bytes = lanes.load_partial(&source[at..]);
        sum = lanes.xor(sum, lanes.multiply(lanes.factor(*coefficient), bytes));
    }
    sum
}

/// The same lanes where every coefficient is 1, so that there is nothing to multiply: all that the first
/// fused server ever does.
#[derive(Clone, Copy)]
struct Ones<L>(L);

impl<L: Lanes> Lanes for Ones<L> {
    type Vector = L::Vector;
    type Factor = ();
    const BYTES: usize = L::BYTES;

    #[inline(always)]
    fn factor(self, _: u8) {}

    #[inline(always)]
    fn zero(self) -> L::Vector {
        self.0.zero()
    }

    #[inline(always)]
    fn load(self, bytes: &[u8]) -> L::Vector {
        self.0.load(bytes)
    }

    #[inline(always)]
    fn load_partial(self, bytes: &[u8]) -> L::Vector {
        self.0.load_partial(bytes)
    }

    #[inline(always)]
    fn store(self, vector: L::Vector, bytes: &mut [u8]) {
        self.0.store(vector, bytes);
    }

    #[inline(always)]
    fn store_partial(self, vector: L::Vector, bytes: &mut [u8]) {
        self.0.store_partial(vector, bytes);
    }

    #[inline(always)]
    fn xor(self, a: L::Vector, b: L::Vector) -> L::Vector {
        self.0.xor(a, b)
    }

    #[inline(always)]
    fn multiply(self, (): (), vector: L::Vector) -> L::Vector {
        vector
    }
}
