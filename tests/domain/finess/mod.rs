//! The FINESS number, on national and Corsican numbers and on what public code gets wrong.

use domain::finess::{Finess, FinessError};
use proptest::prelude::*;

fn check(text: &str, expected: Result<(), FinessError>) {
    assert_eq!(text.parse::<Finess>().map(drop), expected, "{text}");
}

#[test]
fn numbers_are_judged_by_pattern_and_key() {
    for valid in ["350054680", "220000012", "2A0000022", "2B0000012", "010000602", "290000017"] {
        check(valid, Ok(()));
    }
    for wrong_key in ["290000018", "123456789", "2A0000023", "2B0000013", "920000017"] {
        check(wrong_key, Err(FinessError::Key));
    }
    for malformed in ["", "29000001", "1290000017", "2a0000022", "2C0000022", "A90000017", "29000001７", " 290000017"]
    {
        check(malformed, Err(FinessError::Format));
    }
}

#[test]
fn a_number_is_read_as_people_type_it() {
    for typed in ["350054680", " 35 005 468 0 ", "35.005.468.0", "35\u{a0}005\u{202f}4680", "35-0054680"] {
        assert_eq!(Finess::typed(typed).unwrap().as_str(), "350054680", "{typed}");
    }
    assert_eq!(Finess::typed("2a 000 0022").unwrap().as_str(), "2A0000022");
    assert_eq!(Finess::typed("35 005 4681"), Err(FinessError::Key));
    assert_eq!(Finess::typed("35/0054680"), Err(FinessError::Format));
}

#[test]
fn the_identifiant_national_de_structure_is_one_and_the_number() {
    let finess: Finess = "350054680".parse().unwrap();
    assert_eq!(finess.id_nat_struct(), "1350054680");
}

#[test]
fn real_numbers_and_common_mistakes_are_told_apart() {
    let lines = include_str!("numbers.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut judged = 0;
    for line in lines {
        let (number, expected) = line.split_once('\t').unwrap();
        assert_eq!(number.parse::<Finess>().is_ok(), expected == "yes", "{number}");
        judged += 1;
    }
    assert_eq!(judged, 159);
}

proptest! {
    #[test]
    fn any_text_is_judged_without_panic(text in "\\PC*") {
        if let Ok(finess) = text.parse::<Finess>() {
            prop_assert_eq!(finess.to_string(), text);
        }
    }

    #[test]
    fn one_wrong_digit_is_always_caught(rank in 2_usize..9, shift in 1_u8..10) {
        let mut number = *b"290000017";
        number[rank] = b'0' + (number[rank] - b'0' + shift) % 10;
        let text = String::from_utf8(number.to_vec()).unwrap();
        prop_assert_eq!(text.parse::<Finess>().map(drop), Err(FinessError::Key));
    }
}
