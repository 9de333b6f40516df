//! Where a test can have the process die, as a power cut would have it: between any two durable steps.
//!
//! Only the tests of this package are built with the feature `fail-points`. In every other build the macro `fail_point!` expands
//! to nothing, and neither the names nor the variable exist.
//!
//! `DISPOLITS_FAIL_POINT=patch-answered` in the environment has the process abort when it first comes by that step,
//! `patch-answered:3` the third time, `mail-reading@<sha256>` when it comes by with that mail.

#[cfg(feature = "fail-points")]
pub use armed::{STEPS, VARIABLE, reach};

/// Names a durable step, one of the list `STEPS`, and what it is about where that matters.
#[macro_export]
macro_rules! fail_point {
    ($step:literal) => {
        $crate::fail_point!($step, "")
    };
    ($step:literal, $subject:expr) => {
        #[cfg(feature = "fail-points")]
        $crate::fail_point::reach($step, $subject)
    };
}

#[cfg(feature = "fail-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tracing::error;

    /// The environment variable that arms a step.
    pub const VARIABLE: &str = "DISPOLITS_FAIL_POINT";

    /// Every step, in the order of the way of a mail.
    pub const STEPS: &[&str] = &[
        // Intake.
        "referential-kept",
        "mail-inserted",
        "mail-received",
        "reading-marked",
        "mail-reading",
        "judgement-written",
        "judgement-recorded",
        "move-planned",
        "maildir-linked",
        "maildir-moved",
        "imap-filing-sent",
        "move-done",
        "move-recorded",
        // Delivery.
        "requests-recovered",
        "row-claimed",
        "patch-answered",
        "patch-written",
        "patch-recorded",
        "removal-answered",
        "removal-recorded",
        // Settling and replies.
        "reply-rendered",
        "settlement-written",
        "mail-settled",
        "reply-leaving",
        "reply-copied",
        "reply-sent",
        "reply-recorded",
        // Upkeep.
        "purge-written",
        "purge-committed",
        "content-purged",
    ];

    /// Which step is armed.
    struct Armed {
        step: String,
        subject: Option<String>,
        passages: AtomicU32,
    }

    /// Aborts the process if this step is armed and its turn has come.
    pub fn reach(step: &str, subject: &str) {
        debug_assert!(STEPS.contains(&step), "{step} is not in the list");
        let Some(armed) = armed() else { return };
        let is_it = armed.step == step && armed.subject.as_deref().is_none_or(|wanted| wanted == subject);
        if is_it && armed.passages.fetch_sub(1, Ordering::SeqCst) == 1 {
            error!("arrêt provoqué : {step}");
            std::process::abort();
        }
    }

    fn armed() -> Option<&'static Armed> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        ARMED.get_or_init(|| std::env::var(VARIABLE).ok().map(|text| parse(&text))).as_ref()
    }

    fn parse(text: &str) -> Armed {
        let (name, passages) = text.split_once(':').unwrap_or((text, "1"));
        let (step, subject) = name.split_once('@').map_or((name, None), |(step, subject)| (step, Some(subject)));
        let passages = passages.parse().ok().filter(|_| STEPS.contains(&step));
        let Some(passages) = passages else {
            error!("{VARIABLE} : « {text} » n’est pas un point d’arrêt");
            std::process::abort();
        };
        Armed { step: step.to_owned(), subject: subject.map(str::to_owned), passages: AtomicU32::new(passages) }
    }
}
