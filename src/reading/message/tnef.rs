//! What Outlook wraps in `winmail.dat` ([MS-OXTNEF]). For the look for patients' documents alone.

/// The signature, and the key behind it ([MS-OXTNEF], section 2.1.3.1).
const HEAD: usize = 6;
/// The level of an attribute, its name and the length of its data.
const BEFORE: usize = 9;
/// The checksum behind the data.
const AFTER: usize = 2;
/// The attribute that holds a file: attAttachData (section 2.1.3.4.2).
const ATTACHED: u32 = 0x0006_800f;

/// An attribute: its name, and its data.
struct Attribute<'x> {
    name: u32,
    data: &'x [u8],
}

/// The data of each attribute: files, and the text of the mail.
pub(super) fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    attributes(bytes).map(|attribute| attribute.data)
}

/// Whether a file is in it: a reply of Outlook in its own format may wrap none.
pub(super) fn holds_files(bytes: &[u8]) -> bool {
    attributes(bytes).any(|attribute| attribute.name == ATTACHED)
}

/// Until one is damaged.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    let mut rest = bytes.get(HEAD..).unwrap_or_default();
    std::iter::from_fn(move || {
        let number = |at: usize| Some(u32::from_le_bytes(rest.get(at..at + 4)?.try_into().ok()?));
        let (name, length) = (number(1)?, usize::try_from(number(5)?).ok()?);
        let end = BEFORE.checked_add(length)?;
        let data = rest.get(BEFORE..end)?;
        rest = rest.get(end + AFTER..).unwrap_or_default();
        Some(Attribute { name, data })
    })
}
