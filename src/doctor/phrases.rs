//! Small sentences that several steps share.

use base::tls::Certificate;

pub(super) use base::config_values::{reason, whole};

/// `1 courriel`, `3 courriels`.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number < 2 { one } else { many })
}

/// The chain that a server presents, its own certificate first.
pub(super) fn told_chain<'a>(chain: impl IntoIterator<Item = &'a [u8]>) -> String {
    let read: Vec<Certificate> = chain.into_iter().filter_map(Certificate::read).collect();
    match read.split_first() {
        None => "aucun certificat lisible".to_owned(),
        Some((own, [])) => own.told(),
        Some((own, above)) => {
            let subjects: Vec<String> = above.iter().map(|one| format!("« {} »", one.subject)).collect();
            format!("{}, chaîne : {}", own.told(), subjects.join(" ← "))
        }
    }
}
