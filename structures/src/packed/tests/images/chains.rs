//! Pages, links, unused bytes and the lengths of records.

use super::*;

#[test]
fn regions_that_are_no_whole_pages_are_refused() {
    for region in [RECORDS, RESULTS] {
        let whole = sound_list()[region].len();
        let header_bytes = [HEADER_BYTES, 4][region];
        for bytes in [whole - 1, whole + 1, whole + 15] {
            let error = ChainError::Torn {
                bytes,
                header_bytes,
                page_bytes: PAGE_BYTES,
            };
            let refused = refusal(|images| images[region].resize(bytes, 0));
            assert_eq!(
                refused,
                ImageError::Chain {
                    region: region as u8,
                    error
                }
            );
        }
    }
    let error = ChainError::Torn {
        bytes: 15,
        header_bytes: 16,
        page_bytes: PAGE_BYTES,
    };
    assert_eq!(refusal(|images| images[RECORDS].truncate(15)), chain(error));
}

#[test]
fn links_that_do_not_pass_every_page_once_are_refused() {
    let link = |passed, next| {
        chain(ChainError::Link {
            passed,
            pages: 3,
            next,
        })
    };
    let cases = [
        ("no head", HEAD, 0, link(0, None)),
        ("head past the pages", HEAD, 4, link(0, Some(3))),
        ("head in the middle", HEAD, 2, link(2, None)),
        ("link past the pages", page(1), 4, link(2, Some(3))),
        ("early end", page(0), 0, link(1, None)),
        ("a page left out", page(0), 3, link(2, None)),
        ("a page that follows itself", page(1), 2, link(2, Some(1))),
        ("no end", page(2), 1, link(3, Some(0))),
    ];
    for (what, at, next, error) in cases {
        assert_eq!(refusal(|images| images[RECORDS][at] = next), error, "{what}");
    }
    let surplus = ChainError::Link {
        passed: 3,
        pages: 4,
        next: None,
    };
    assert_eq!(refusal(|images| images[RECORDS].resize(80, 0)), chain(surplus));
}

#[test]
fn unused_bytes_are_zero_and_no_more_than_a_page_has() {
    let (free, not_zero) = (4, |page, offset| chain(ChainError::NotZero { page, offset }));
    let too_many = chain(ChainError::Free {
        page: 0,
        free: 10,
        limit: 9,
    });
    assert_eq!(refusal(|images| images[RECORDS][page(0) + free] = 10), too_many);
    let of_the_last = chain(ChainError::Free {
        page: 2,
        free: 1,
        limit: 0,
    });
    assert_eq!(refusal(|images| images[RECORDS][page(2) + free] = 1), of_the_last);
    assert_eq!(
        refusal(|images| images[RECORDS][page(1) + free] = 1),
        not_zero(1, 9)
    );
    assert_eq!(
        refusal(|images| images[RECORDS][content(2) + 4] = 1),
        not_zero(2, 4)
    );
    let no_head = chain(ChainError::EmptyPage { page: 0 });
    assert_eq!(
        refusal(|images| images[RECORDS][content(0)..page(1)].fill(0)),
        no_head
    );
    let no_tail = |images: &mut Images| {
        images[RECORDS][content(1) + 5] = 5;
        images[RECORDS][content(2)..].fill(0);
    };
    assert_eq!(refusal(no_tail), chain(ChainError::EmptyPage { page: 2 }));
}

#[test]
fn what_no_record_starts_with_or_ends_as_is_refused() {
    let bad = |page, offset| chain(ChainError::BadPrefix { page, offset });
    let at = content(1) + 1;
    assert_eq!(refusal(|images| images[RECORDS][at] = 0), bad(1, 1));
    assert_eq!(
        refusal(|images| images[RECORDS][at..at + 2].copy_from_slice(&[0x80, 0])),
        bad(1, 1)
    );
    let over_the_edge = |images: &mut Images| {
        images[RECORDS][at] = 8;
        images[RECORDS][content(1) + 9] = 0x80;
        images[RECORDS][content(2)] = 0;
    };
    assert_eq!(refusal(over_the_edge), bad(2, 0));

    let cut = |missing| chain(ChainError::CutRecord { missing });
    let last = content(1) + 5;
    assert_eq!(refusal(|images| images[RECORDS][last] = 16), cut(1));
    let cut_prefix = |images: &mut Images| {
        images[RECORDS][content(2) + 3..].fill(1);
        images[RECORDS][content(2) + 9] = 0x80;
    };
    assert_eq!(refusal(cut_prefix), cut(0));
    let mut to_the_edge = sound_list();
    to_the_edge[RECORDS][last] = 15;
    let list = read(StructureKind::List, to_the_edge, PAGE_BYTES).unwrap();
    assert_eq!(list.elements()[2].value, b"ijklmno\0\0\0\0\0\0\0");
}
