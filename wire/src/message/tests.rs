//! Everything that crosses a connection, in every variant: it reads back as it was, and its bytes are those of
//! `tests/golden.txt`.
//!
//! Who changes a message on purpose writes the table anew (the failing test prints it) and raises
//! [`PROTOCOL_VERSION`](crate::handshake::PROTOCOL_VERSION).

mod fields;
mod samples;

use std::collections::BTreeSet;

use proptest::prelude::*;

use self::{
    fields::Fields,
    samples::{Kind, kinds},
};

const GOLDEN: &str = include_str!("tests/golden.txt");

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

fn unhex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|digits| u8::from_str_radix(digits, 16).expect("two hexadecimal digits"))
        .collect()
}

/// The table of these kinds, one line per sample.
fn table(kinds: &[Kind]) -> String {
    let mut text = String::new();
    for kind in kinds {
        text += &format!("\n{}\n", kind.name);
        for sample in &kind.samples {
            text += &format!("  {:<16} {}\n", sample.variant, hex(&sample.bytes));
        }
    }
    text
}

/// The table's lines without the words at the top.
fn golden() -> &'static str {
    let end = GOLDEN.find("\n\n").expect("an empty line ends the words");
    &GOLDEN[end + 1..]
}

#[test]
fn every_variant_of_every_message_has_its_golden_bytes() {
    let actual = table(&kinds(&Fields::plain()));
    assert!(actual == golden(), "the wire format is now:\n{actual}");
}

#[test]
fn golden_bytes_read_back_as_what_they_were_made_from() {
    let lines = golden().lines().filter_map(|line| line.strip_prefix("  "));
    let kinds = kinds(&Fields::plain());
    let samples = kinds.iter().flat_map(|kind| &kind.samples);
    let mut count = 0;
    for (line, sample) in lines.zip(samples) {
        let (variant, bytes) = line.split_once(' ').expect("a variant and its bytes");
        assert_eq!(variant, sample.variant);
        assert_eq!(sample.reads_back_from(&unhex(bytes)), Ok(()));
        count += 1;
    }
    assert_eq!(count, kinds.iter().map(|kind| kind.samples.len()).sum::<usize>());
}

/// The first byte of an enum's bytes is the variant's number; one past the last one must be none.
#[test]
fn every_enum_has_a_sample_of_each_of_its_variants() {
    for kind in kinds(&Fields::plain()) {
        let Some(is_variant) = kind.is_variant else {
            assert_eq!(kind.samples.len(), 1, "{}", kind.name);
            continue;
        };
        let sampled: BTreeSet<u8> = kind.samples.iter().map(|sample| sample.bytes[0]).collect();
        let defined: BTreeSet<u8> = (0..250).filter(|number| is_variant(*number)).collect();
        assert_eq!(sampled, defined, "{}", kind.name);
    }
}

#[test]
fn no_message_reads_back_from_fewer_bytes_or_from_more() {
    for kind in kinds(&Fields::plain()) {
        for sample in &kind.samples {
            let name = format!("{} {}", kind.name, sample.variant);
            for short in 0..sample.bytes.len() {
                let read = sample.reads_back_from(&sample.bytes[..short]);
                assert!(read.is_err(), "{name} from {short} bytes");
            }
            let long = [&sample.bytes[..], &[0]].concat();
            assert!(
                sample.reads_back_from(&long).is_err(),
                "{name} from one byte more"
            );
        }
    }
}

proptest! {
    #[test]
    fn every_message_reads_back_whatever_its_fields(fields in Fields::any()) {
        for kind in kinds(&fields) {
            for sample in &kind.samples {
                prop_assert_eq!(sample.reads_back_from(&sample.bytes), Ok(()), "{} {}", kind.name, sample.variant);
            }
        }
    }
}
