//! One header block (RFC 5322, section 2.2), read field by field.

use mail_parser::{ContentType, Header, HeaderName, HeaderValue, MessageParser};

/// The fields of a header block. Reading never fails: what is no field is passed over.
pub(super) struct HeaderBlock<'x> {
    message: Option<mail_parser::Message<'x>>,
}

impl<'x> HeaderBlock<'x> {
    /// Reads the fields of `block`.
    pub(super) fn read(block: &'x [u8]) -> Self {
        Self { message: parser().parse_headers(block) }
    }

    /// Whether it holds no field whose name RFC 5322 allows.
    pub(super) fn is_empty(&self) -> bool {
        !self.fields().iter().any(|field| is_field_name(field.name.as_str()))
    }

    /// Whether a field of this name is there, whatever it says.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The raw values of the fields of this name, in order, each on one line.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = String> {
        self.named(name).map(|field| self.unfolded(field))
    }

    /// The text of the first field of this name, encoded words decoded (RFC 2047).
    pub(super) fn decoded(&self, name: &str) -> Option<&str> {
        self.named(name).find_map(|field| field.value.as_text())
    }

    /// A field with parameters: Content-Type or Content-Disposition.
    pub(super) fn parametrised(&self, name: &str) -> Option<&ContentType<'x>> {
        self.named(name).find_map(|field| match &field.value {
            HeaderValue::ContentType(value) => Some(value),
            _ => None,
        })
    }

    fn fields(&self) -> &[Header<'x>] {
        self.message.as_ref().and_then(|message| message.parts.first()).map_or(&[], |part| part.headers.as_slice())
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Header<'x>> {
        self.fields().iter().filter(move |field| field.name.as_str().eq_ignore_ascii_case(name))
    }

    fn unfolded(&self, field: &Header<'x>) -> String {
        let range = field.offset_start as usize..field.offset_end as usize;
        let raw = self.message.as_ref().and_then(|message| message.raw_message.get(range)).unwrap_or_default();
        String::from_utf8_lossy(raw).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Only what is asked for is parsed beyond the raw text: the less is parsed, the less can go wrong.
fn parser() -> MessageParser {
    MessageParser::new()
        .header_content_type(HeaderName::ContentType)
        .header_content_type(HeaderName::ContentDisposition)
        .header_text(HeaderName::Subject)
        .default_header_raw()
}

/// RFC 5322, section 3.6.8: printable ASCII without blank or colon.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}
