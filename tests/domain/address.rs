//! Mail addresses: compared without case, masked in logs.

use domain::address::{Address, mask_all};

#[test]
fn addresses_are_compared_without_case_and_refused_when_no_header_could_hold_them() {
    let address: Address = " Lits@CH-Armor.Test ".parse().unwrap();
    assert_eq!((address.as_str(), address.local(), address.domain()), ("lits@ch-armor.test", "lits", "ch-armor.test"));
    for malformed in
        ["", "lits", "@ch.test", "lits@", "a@b@c", "a b@c.test", "a\r\nBcc: b@c.test", "<a@b.test>", "é@b.test"]
    {
        assert!(malformed.parse::<Address>().is_err(), "{malformed:?}");
    }
    assert!(format!("{}@x.test", "a".repeat(250)).parse::<Address>().is_err(), "too long");
}

#[test]
fn no_log_shows_an_address() {
    let masked = mask_all("550 5.1.1 <lits@ch-armor.test>: boîte inconnue (lits@ch-armor.test), voir doc@x");
    assert_eq!(masked, "550 5.1.1 <l***@c***.test>: boîte inconnue (l***@c***.test), voir d***@x***.x");
}
