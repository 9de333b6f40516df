//! What a submission server answers: a code that decides (RFC 5321, section 4.2), a status that says of what (RFC 3463),
//! and words for people, which decide nothing.

use std::fmt;

use lettre::transport::smtp::response::Response;

use domain::defect::excerpt;

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpAnswer {
    code: u16,
    /// The lines without their codes.
    texts: Vec<String>,
}

impl SmtpAnswer {
    /// Reads the lines of one answer, each with its code; `None` if this is no answer.
    pub(super) fn read(lines: &[String]) -> Option<Self> {
        // A code alone is an answer too (RFC 5321, section 4.2).
        let text: Vec<String> = lines.iter().map(|line| format!("{line:<4}\r\n")).collect();
        let response: Response = text.concat().parse().ok()?;
        let texts = response.message().map(|line| line.trim_end().to_owned()).collect();
        Some(Self { code: u16::from(response.code()), texts })
    }

    /// Whether it has this code.
    pub fn has_code(&self, code: u16) -> bool {
        self.code == code
    }

    /// The lines, their codes left out.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// The first line.
    pub fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// Done, or go on (RFC 5321, section 4.2.1).
    pub(super) fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// For good, as far as the command goes.
    pub(super) fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// The server closes the connection (RFC 5321, section 4.2.2).
    pub(super) fn is_closing(&self) -> bool {
        self.code == 421
    }

    /// We have not shown who we are: 530 and 535 (RFC 4954, section 6), 534 and 538 of its predecessor.
    pub fn wants_login(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }

    /// Something that we are not allowed: a login that is missing, 454 outside STARTTLS (RFC 4954, section 6, and what Postfix
    /// says to whoever may not relay), or 5.7.x (RFC 3463, section 3.8).
    pub fn forbids(&self) -> bool {
        self.wants_login() || self.code == 454 || self.is_permanent() && self.subject() == Some(7)
    }

    /// As the first word after encryption: who we are by our certificate is not admitted. Postfix and nginx say it with 421
    /// 4.7.1, before any command.
    pub(super) fn turns_us_away(&self) -> bool {
        self.forbids() || self.is_closing() && self.subject() == Some(7)
    }

    /// More bytes than are taken: 5.3.4 and 5.2.3 (RFC 3463), and 552 that says nothing finer (RFC 1870, section 6).
    pub(super) fn is_too_large(&self) -> bool {
        let told = matches!(self.status(), Some((3, 4) | (2, 3)));
        self.is_permanent() && (told || self.code == 552 && self.status().is_none())
    }

    /// For a refusal after the content was announced: it is about what the mail holds. About a mailbox are only 5.1.x and
    /// 5.2.x (RFC 3463, sections 3.2 and 3.3).
    pub(super) fn refuses_content(&self) -> bool {
        self.is_permanent() && (self.is_too_large() || !matches!(self.subject(), Some(1 | 2)))
    }

    /// For a refusal of the sender: it is about the mail to come, its size or its coding (RFC 3463, section 3.7).
    pub(super) fn refuses_mail_to_come(&self) -> bool {
        self.is_too_large() || self.is_permanent() && self.subject() == Some(6)
    }

    fn subject(&self) -> Option<u16> {
        self.status().map(|(subject, _)| subject)
    }

    /// Subject and detail of the status, if one is told (RFC 2034, section 4) and of the same class as the code.
    fn status(&self) -> Option<(u16, u16)> {
        let mut parts = self.text().split(' ').next()?.splitn(3, '.');
        let mut number = || {
            let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok())?
        };
        let (class, subject, detail) = (number()?, number()?, number()?);
        (class == self.code / 100).then_some((subject, detail))
    }
}

impl fmt::Display for SmtpAnswer {
    /// The server's own words with the code: what an operator can look up; one line, safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, excerpt(&self.texts.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> SmtpAnswer {
        SmtpAnswer::read(&[line.to_owned()]).unwrap()
    }

    #[test]
    fn the_code_and_the_status_decide_and_never_the_words() {
        for line in ["530 x", "535 5.7.8 x", "454 4.7.1 x", "554 5.7.1 x", "550 5.7.1 x"] {
            assert!(answer(line).forbids(), "{line}");
        }
        for line in ["550 5.1.1 certificate", "451 4.7.1 x", "550 x", "550 45.7.1 x", "450 5.7.1 x", "550 5.7 x"] {
            assert!(!answer(line).forbids(), "{line}");
        }
        assert!(answer("421 4.7.1 x").turns_us_away() && !answer("421 4.3.2 x").turns_us_away());
        for line in ["552 x", "552 5.3.4 x", "554 5.2.3 x"] {
            assert!(answer(line).is_too_large(), "{line}");
        }
        for line in ["552 5.2.2 x", "552 5.7.0 x", "452 4.3.4 x"] {
            assert!(!answer(line).is_too_large(), "{line}");
        }
        for line in ["552 5.7.0 x", "554 5.7.1 x", "550 5.6.0 x", "554 x", "552 5.2.3 x", "500 5.5.2 x"] {
            assert!(answer(line).refuses_content(), "{line}");
        }
        for line in ["552 5.2.2 x", "550 5.1.1 x", "451 4.7.1 x"] {
            assert!(!answer(line).refuses_content(), "{line}");
        }
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        for wrong in [&[][..], &["n’importe quoi"], &["25"], &["250-a", "550 b"], &["é50 x"]] {
            assert_eq!(SmtpAnswer::read(&lines(wrong)), None, "{wrong:?}");
        }
        let right = SmtpAnswer::read(&lines(&["250-ici", "250"])).unwrap();
        assert_eq!((right.text(), right.lines().count(), right.to_string().as_str()), ("ici", 2, "250 ici "));
    }
}
