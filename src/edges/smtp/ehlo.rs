//! What a submission server offers in its answer to EHLO (RFC 5321, section 4.1.1.1).

/// The offers that matter to us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "keywords of one answer, each a question of its own")]
pub struct Offers {
    mechanisms: Vec<String>,
    size: Option<u64>,
    dsn: bool,
    eight_bit: bool,
    starttls: bool,
    /// SIZE as a keyword: the size of a mail may be declared, whether or not a limit is told.
    sized: bool,
}

impl Offers {
    /// Reads the lines of the answer, their codes left out. Keywords are compared without case.
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut offers = Self::default();
        for line in lines {
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "AUTH" => offers.mechanisms.extend(words.map(str::to_ascii_uppercase)),
                "SIZE" => {
                    offers.sized = true;
                    offers.size = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                "DSN" => offers.dsn = true,
                "8BITMIME" => offers.eight_bit = true,
                "STARTTLS" => offers.starttls = true,
                _ => (),
            }
        }
        offers
    }

    /// The SASL mechanisms, in capitals (RFC 4954, section 3).
    pub fn mechanisms(&self) -> &[String] {
        &self.mechanisms
    }

    /// The largest mail taken, in bytes; `None` if no limit is told (RFC 1870, section 3).
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether the size of a mail may be declared.
    pub fn takes_size(&self) -> bool {
        self.sized
    }

    /// Whether delivery status notifications can be asked for (RFC 3461).
    pub fn dsn(&self) -> bool {
        self.dsn
    }

    /// Whether the connection can be encrypted from now on (RFC 3207).
    pub fn starttls(&self) -> bool {
        self.starttls
    }

    /// Whether content beyond ASCII passes unchanged (RFC 6152).
    pub fn eight_bit(&self) -> bool {
        self.eight_bit
    }
}
