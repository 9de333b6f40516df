//! What the header of a MIME part says about its content (RFC 2045, RFC 2183).

use super::candidates::Claims;
use super::head::HeaderBlock;
use super::name::ends_in;
use super::transfer::Encoding;
use crate::report::Foreign;

/// The facts of one part. They tell how to take it apart, never what it is: the content tells that.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Lower-case media type, such as `text/xml`.
    pub(super) media: String,
    /// The line that separates the parts of a multipart, if one is declared.
    pub(super) boundary: Option<String>,
    /// `report-type` of a multipart/report (RFC 6522) or `smime-type` of S/MIME (RFC 8551), lower case.
    pub(super) variant: Option<String>,
    /// The name as declared, encodings undone, nothing cleaned.
    pub(super) name: Option<String>,
    /// The transfer encoding.
    pub(super) encoding: Encoding,
    attachment: bool,
}

impl Facts {
    /// Reads the facts; `default` is the media type of a part that declares none.
    pub(super) fn read(head: &HeaderBlock<'_>, default: &str) -> Self {
        let kind = head.parametrised("Content-Type");
        let disposition = head.parametrised("Content-Disposition");
        let parameter = |name: &str| kind.and_then(|kind| kind.attribute(name)).map(str::to_owned);
        let file_name = disposition.and_then(|disposition| disposition.attribute("filename")).map(str::to_owned);
        Self {
            media: kind.map_or_else(
                || default.to_owned(),
                |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase(),
            ),
            boundary: parameter("boundary").map(|text| text.trim_end().to_owned()).filter(|text| !text.is_empty()),
            variant: parameter("report-type").or_else(|| parameter("smime-type")).map(|text| text.to_ascii_lowercase()),
            name: file_name.or_else(|| parameter("name")).filter(|name| !name.trim().is_empty()),
            encoding: encoding(head),
            attachment: disposition.is_some_and(mail_parser::ContentType::is_attachment),
        }
    }

    /// Whether it is made of parts.
    pub(super) fn is_multipart(&self) -> bool {
        self.media.starts_with("multipart/")
    }

    /// Whether it is a whole mail.
    pub(super) fn is_mail(&self) -> bool {
        matches!(self.media.as_str(), "message/rfc822" | "message/global")
    }

    /// Whether it is what a person writes in a mail.
    pub(super) fn is_letter(&self) -> bool {
        let text = matches!(self.media.as_str(), "text/plain" | "text/html" | "application/xhtml+xml");
        text && self.name.is_none() && !self.attachment
    }

    /// Whether it signs the other parts (RFC 8551, section 3.5; RFC 3156, section 5).
    pub(super) fn is_signature(&self) -> bool {
        matches!(
            self.media.as_str(),
            "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature"
        )
    }

    /// What the sender makes of it. An SVG logo counts as a picture: it often has a DOCTYPE.
    pub(super) fn claims(&self) -> Claims {
        let named = self.is_named(".xml");
        let page = matches!(self.media.as_str(), "text/html" | "application/xhtml+xml");
        let decorative = !named && (page || self.media.starts_with("image/"));
        let typed = self.media.ends_with("/xml") || self.media.ends_with("+xml");
        let body = !named && self.media == "text/plain" && !self.attachment;
        Claims { xml: named || typed && !decorative, for_people: body || decorative, decorative }
    }

    /// Whether it is what people read as the text of the mail.
    pub(super) fn is_text_of_mail(&self) -> bool {
        matches!(self.media.as_str(), "text/plain" | "text/html") && self.name.is_none() && !self.attachment
    }

    /// Whether it was attached for itself, and is no picture of a signature or the like.
    pub(super) fn is_attachment(&self) -> bool {
        self.attachment
    }

    /// What S/MIME of unknown content says it is (RFC 8551, section 3.2).
    pub(super) fn smime(&self) -> Option<Foreign> {
        let typed = matches!(self.media.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
        match self.variant.as_deref().filter(|_| typed) {
            Some("signed-data") => Some(Foreign::OpaqueSignature),
            Some("enveloped-data" | "authenveloped-data") => Some(Foreign::Encrypted),
            _ => (typed || self.is_named(".p7m")).then_some(Foreign::Smime),
        }
    }

    /// Whether the sender means it to be a zip archive.
    pub(super) fn claims_zip(&self) -> bool {
        self.is_named(".zip")
            || matches!(self.media.as_str(), "application/zip" | "application/x-zip-compressed" | "application/x-zip")
    }

    /// Whether the sender means it to be Outlook's own format.
    pub(super) fn claims_tnef(&self) -> bool {
        matches!(self.media.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
            || self.name.as_deref().is_some_and(|name| name.trim().eq_ignore_ascii_case("winmail.dat"))
    }

    fn is_named(&self, ending: &str) -> bool {
        self.name.as_deref().is_some_and(|name| ends_in(name, ending))
    }
}

/// The misspelt field is that of the MDN example in the ANS guide on CDA by MSSanté mail, which partners copy.
fn encoding(head: &HeaderBlock<'_>) -> Encoding {
    let named = |field: &str| head.texts(field).next();
    let text = named("Content-Transfer-Encoding").or_else(|| named("Content-Transfert-Encoding"));
    text.map_or(Encoding::Identity, |text| Encoding::named(&text))
}
