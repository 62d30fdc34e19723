//! The protected structures; every write is recorded as byte ranges of an arena.
//!
//! Pure: no socket, clock, randomness or task; nothing here knows which mechanism protects it.
//!
//! ```text
//! Write --> Structure::apply --> (Answer, Delta)       at a data node or a primary
//!                                        |
//!                       Arena::apply <---+             at whoever keeps regions as they are
//! images of the regions --> Structure::from_images     after a transfer or a decode: checked, then served
//! ```
//!
//! Read first: [`op`] (what is asked and answered), [`delta`] (what a write changed), [`structure`]. Behind that
//! are two layouts of the same three regions: [`keyed_list`], the report's, with slots of fixed width, and
//! [`packed`], all other kinds, with records of any length over a chain of pages. [`session`] is of both.
//!
//! What is absent: no structure reads a clock, draws a number, or changes a byte outside a
//! [`transaction`].

pub mod arena;
pub mod delta;
mod elements;
mod entries;
pub mod image_error;
mod key_index;
pub mod keyed_list;
pub mod kind;
pub mod layout;
pub mod op;
pub mod packed;
pub mod query;
mod region;
mod remains;
pub mod session;
pub mod structure;
pub mod transaction;

pub use structure::Structure;
