//! Every kind of value: what it accepts, and each limit at it and one past it.

use super::*;

#[test]
fn hosts_are_names_ipv4_and_ipv6_in_one_canonical_form() {
    let accepted = [
        ("localhost", "localhost"),
        ("LocalHost", "localhost"),
        ("node-1.lab_a.example.", "node-1.lab_a.example."),
        ("127.0.0.1", "127.0.0.1"),
        ("1.2.3.4.example", "1.2.3.4.example"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("FE80::A", "fe80::a"),
    ];
    for (written, expected) in accepted {
        assert_eq!(host(written), Ok(expected.to_owned()));
    }
}

#[test]
fn what_is_neither_name_nor_address_is_refused() {
    for written in [
        "",
        ".",
        "a..b",
        "a b",
        "-a",
        "a-",
        "256.0.0.1",
        "1.2.3",
        "8080",
        "[::1",
        "::1]",
        "[localhost]",
        "[127.0.0.1]",
        "::1%eth0",
        "localhost:80",
        "höst",
        "localhost ; mine",
    ] {
        assert_eq!(
            host(written),
            Err(ValueError::NotAHost {
                written: written.to_owned()
            })
        );
    }
}

#[test]
fn a_host_name_is_accepted_at_its_limits_and_refused_one_past_them() {
    let label = "a".repeat(MAX_HOST_LABEL_BYTES);
    assert_eq!(host(&label), Ok(label.clone()));
    assert_eq!(
        host(&format!("{label}a")),
        Err(ValueError::NotAHost {
            written: quoted(&label)
        })
    );

    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(MAX_HOST_BYTES - 3 * 64));
    assert_eq!(longest.len(), MAX_HOST_BYTES);
    assert_eq!(host(&longest), Ok(longest.clone()));
    assert_eq!(
        host(&format!("{longest}a")),
        Err(ValueError::NotAHost {
            written: quoted(&longest)
        })
    );
}

#[test]
fn ports_and_ids_fill_their_types_and_no_more() {
    assert_eq!([port("0"), port("65535"), port("007")], [Ok(0), Ok(65535), Ok(7)]);
    let past = |written: &str, to| ValueError::OutOfRange {
        written: written.to_owned(),
        from: 0,
        to,
    };
    assert_eq!(port("65536"), Err(past("65536", 65535)));
    assert_eq!([id("0"), id("4294967295")], [Ok(0), Ok(u32::MAX)]);
    assert_eq!(id("4294967296"), Err(past("4294967296", u64::from(u32::MAX))));
    assert_eq!(
        id("99999999999999999999"),
        Err(past("99999999999999999999", u64::from(u32::MAX)))
    );
}

#[test]
fn a_number_is_decimal_digits_and_nothing_else() {
    for written in ["-1", "+1", "1.0", "0x10", "1_000", "1 2", "ten", "١"] {
        let refusal = ValueError::NotANumber {
            written: written.to_owned(),
            from: 1,
            to: 9,
        };
        assert_eq!(number(written, &(1..=9)), Err(refusal));
    }
    let at_limits = ["1", "9"].map(|written| number(written, &(1..=9)));
    assert_eq!(at_limits, [Ok(1), Ok(9)]);
    let past_limits = ["0", "10"].map(|written| number(written, &(1..=9)));
    let past = |written: &str| {
        Err(ValueError::OutOfRange {
            written: written.to_owned(),
            from: 1,
            to: 9,
        })
    };
    assert_eq!(past_limits, [past("0"), past("10")]);
}

#[test]
fn names_are_letters_digits_underscore_and_hyphen_up_to_the_limit() {
    let longest = format!("Az09_-{}", "x".repeat(MAX_NAME_BYTES - 6));
    assert_eq!(name(&longest), Ok(longest.clone()));
    let too_long = ValueError::NameTooLong {
        bytes: MAX_NAME_BYTES + 1,
        limit: MAX_NAME_BYTES,
    };
    assert_eq!(name(&format!("{longest}x")), Err(too_long));
    for written in ["", "a b", "a.b", "a/b", "ä", "a=b"] {
        assert_eq!(
            name(written),
            Err(ValueError::NotAName {
                written: written.to_owned()
            })
        );
    }
}

#[test]
fn paths_have_no_control_characters() {
    assert_eq!(
        path("../a b/ü.membership"),
        Ok(PathBuf::from("../a b/ü.membership"))
    );
    assert_eq!(
        path("a\0b"),
        Err(ValueError::NotAPath {
            written: "a\\0b".to_owned()
        })
    );
}
