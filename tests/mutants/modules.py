"""Which modules are mutated, and which tests are to notice."""

STORE_QUICK = ["store::precedence::sqlite", "store::workers::sqlite", "store::removals::sqlite",
               "store::settling::sqlite", "store::documents::sqlite"]
# Modules: their files, the integration tests that are tried first, and those that are tried on what survives them.
# The unit tests of the library are always tried.
GROUPS = {
    "finess": (["src/finess.rs"], ["finess::"], ["cahier::"]),
    "address": (["src/address.rs"], ["address::"], ["cahier::", "reply::"]),
    "capacity": (["src/capacity/*.rs"], ["capacity::", "report::", "judgement::"], ["cahier::", "ror::request", "reply::"]),
    "defect": (["src/defect/*.rs", "src/defect/catalogue/*.rs"], ["report::", "judgement::", "reply::"], ["cahier::"]),
    "outcome": (["src/outcome.rs"], ["reply::"], ["cahier::", "store::"]),
    "judgement": (["src/judgement/*.rs"], ["judgement::"], ["cahier::"]),
    "report": (["src/report/*.rs", "src/report/native/*.rs", "src/report/xml/*.rs", "src/report/patient/*.rs"],
               ["report::", "judgement::"], ["cahier::", "message::"]),
    "message": (["src/message/*.rs", "src/message/notification/*.rs"], ["message::"], ["cahier::", "reply::"]),
    "reply": (["src/reply/*.rs"], ["reply::"], ["cahier::"]),
    "alerts": (["src/alerts/*.rs"], ["alerts::"], []),
    "retry": (["src/retry.rs"], ["retry::"], []),
    "access": (["src/access/lockout.rs", "src/access/login.rs", "src/access/password.rs", "src/access/role.rs",
                "src/access/totp.rs", "src/access/session.rs", "src/access/person.rs"], ["store::access::sqlite"], []),
    "store": (["src/store/queue/precedence.rs", "src/store/queue/claim.rs", "src/store/queue/completion.rs", "src/store/queue/complete.rs",
               "src/store/queue/insert.rs", "src/store/queue/removals.rs", "src/store/settlement/mod.rs", "src/store/settlement/verdicts.rs"],
              STORE_QUICK, ["store::", "delivery::", "judges::"]),
    "slips": ([], [], []),
}
# Tests that ask for more than a mutant is worth: whole services, other programs, measurements.
SKIPPED = ["memory", "::plans", "xmllint", "on_a_server", "store::search", "store::faults", "store::server"]
SLOW = ["hostile", "interleavings", "postgres", "schema", "sniffing"]
# The modules of tests that are built, so that this takes minutes instead of a quarter of an hour.
BUILT = ["address", "alerts", "cahier", "capacity", "delivery", "dovecot", "finess", "judgement", "judges", "mailbox",
         "message", "postgres", "pymap", "reply", "report", "retry", "ror", "store"]
# Of these, modules that need tests that are not built.
LEFT_OUT = [("tests/it/alerts/mod.rs", "run")]
# Slips that every test once let pass, and others of their kind: file, what is written, what was slipped in, tests.
SLIPS = [
    ("src/store/queue/complete.rs", "standing.claim == Some(id.claim)", "standing.claim.is_some()", ["store::workers"]),
    ("src/store/queue/removals.rs", "claim != Some(id.claim)", "claim.is_none()", ["store::workers"]),
    ("src/store/queue/precedence.rs", "(date_releve, mail_id) > ($4, $5)", "(mail_id, date_releve) > ($5, $4)",
     ["store::precedence"]),
    ("src/pipeline/judge/mod.rs", "mail.attempts >= MAX_ATTEMPTS", "mail.attempts >= 3", ["judges::"]),
    ("src/mailbox/imap/idle.rs", "at_most.min(LONGEST_IDLE)", "at_most", ["mailbox::scripted::idle"]),
]
