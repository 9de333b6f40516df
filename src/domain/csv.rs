//! Records for spreadsheets, as a French one opens them: UTF-8 with its mark, `;`, each cell in quotes, CRLF (RFC 4180
//! but for the separator).
//!
//! No cell is ever a formula, whoever wrote it and whichever separator the spreadsheet expects.

/// What tells a spreadsheet that the file is UTF-8.
pub const MARK: &[u8] = "\u{feff}".as_bytes();

/// One record.
pub fn record<I: IntoIterator<Item = String>>(cells: I) -> Vec<u8> {
    let mut line = Vec::new();
    for (rank, cell) in cells.into_iter().enumerate() {
        if rank > 0 {
            line.push(b';');
        }
        line.extend(format!("\"{}\"", harmless(&cell).replace('"', "\"\"")).bytes());
    }
    line.extend(b"\r\n");
    line
}

/// A cell that no spreadsheet takes for a formula.
pub fn harmless(cell: &str) -> String {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(BEGINNINGS) { format!("'{cell}") } else { cell.to_owned() }
}

#[test]
fn cells_are_quoted_and_never_formulas() {
    let line = record(["12", "a;b", "dit \"non\"", "=1+1", "@x", "", "é\n-"].map(str::to_owned));
    assert_eq!(
        String::from_utf8(line).unwrap(),
        "\"12\";\"a;b\";\"dit \"\"non\"\"\";\"'=1+1\";\"'@x\";\"\";\"é\n-\"\r\n"
    );
}
