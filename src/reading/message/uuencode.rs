//! Files written as text in the body of a mail, the way of before MIME (POSIX, uuencode).

/// Whether a file stands in this text: a line `begin 644 name`, lines of the length they say, a line `end`.
pub(super) fn is_in(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    while let Some(line) = lines.next() {
        if is_begin(line) && lines.next().is_some_and(is_data) {
            return lines.any(|line| line == b"end");
        }
    }
    false
}

/// The files that stand in this text, of what is damaged as much as can be undone.
pub(super) fn files(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    std::iter::from_fn(move || {
        lines.by_ref().find(|line| is_begin(line))?;
        Some(lines.by_ref().take_while(|line| is_data(line)).flat_map(undone).collect())
    })
}

/// The bytes that a line holds: four characters of six bits for three of them.
fn undone(line: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = line.split_first() else { return Vec::new() };
    let value = |byte: &u8| u32::from(byte.wrapping_sub(b' ') & 0x3f);
    let group = |group: &[u8]| (0..4).fold(0, |bits, rank| bits << 6 | group.get(rank).map_or(0, value));
    let bytes = rest.chunks(4).flat_map(|four| group(four).to_be_bytes().into_iter().skip(1));
    bytes.take(usize::from(first.wrapping_sub(b' ') & 0x3f)).collect()
}

fn is_begin(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let is_mode = |word: &[u8]| matches!(word.len(), 3 | 4) && word.iter().all(|byte| matches!(byte, b'0'..=b'7'));
    words.next() == Some(b"begin") && words.next().is_some_and(is_mode) && words.next().is_some()
}

/// The first character tells how many bytes the line holds; blanks at its end may be lost on the way.
fn is_data(line: &[u8]) -> bool {
    let Some((first, rest)) = line.split_first() else { return false };
    let bytes = usize::from(first.wrapping_sub(b' ') & 0x3f);
    (b' '..=b'`').contains(first) && bytes > 0 && rest.len() <= bytes.div_ceil(3) * 4 + 1
}
