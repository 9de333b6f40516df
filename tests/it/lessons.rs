//! What programs that read mailboxes and feed registries are known to get wrong, and the tests that would see us do it.
//!
//! - **B1, the reader dies in silence**: a session hangs, or the task that reads ends, and nobody hears of it for days.
//!   `mailbox::waiting::a_server_that_stands_still_is_left_and_found_again`,
//!   `mailbox::mishaps::a_server_that_is_shut_down_says_so`,
//!   `faults::the_network_fails_everywhere_in_every_way_and_nothing_is_lost`,
//!   `liveness::probes::a_sweep_that_hangs_is_not_ready_and_the_process_still_answers`,
//!   `liveness::probes::a_task_that_gives_no_sign_is_stuck`, `liveness::manager::a_stuck_worker_gives_no_sign_of_life`
//! - **B2, two readers of one mailbox**: connections that were never closed, or a second process, treat a mail twice.
//!   `mailbox::behaviour::a_mailbox_has_one_session_at_a_time`, `cli::run::a_second_worker_on_the_same_store_is_refused`,
//!   `cli::workers::a_holder_that_is_stopped_is_replaced_and_does_no_harm_when_it_wakes`,
//!   `store::workers::*::a_holder_that_was_replaced_writes_nothing`
//! - **B3, a number of the server taken for the mail**: the mailbox is renumbered, and others are skipped or moved.
//!   `mailbox::refusals::a_renumbered_mailbox_lists_other_positions`,
//!   `mailbox::behaviour::positions_of_elsewhere_are_nothing_here`,
//!   `store::mails::*::the_same_bytes_are_one_mail_until_their_move_is_confirmed`
//! - **B4, the Message-ID taken for the mail**: a sender uses one twice, and the second mail is dropped.
//!   `cli::troubles::one_message_id_over_two_contents_is_two_mails`
//! - **B5, places in the list used while it shrinks**: every second mail is moved unread.
//!   `mailbox::mishaps::without_move_mails_are_filed_all_the_same`,
//!   `mailbox::behaviour::mails_are_filed_as_seen_in_folders_made_on_demand`
//! - **B6, moved before it is safe**: an empty or cut answer, or a crash, and the only copy is gone.
//!   `mailbox::maildir::a_mail_without_its_announced_bytes_is_left_alone`,
//!   `mailbox::mishaps::a_server_killed_in_the_middle_of_a_mail_gives_none_of_it`,
//!   `durability::the_log_is_synced_before_anything_is_said_to_the_servers`,
//!   `durability::the_log_is_synced_before_the_mail_is_renamed_and_before_the_reply_is_written`
//! - **B7, a move that is a copy, again and again**: it fails half-way at each try, until the disk is full.
//!   `mailbox::mishaps::a_copy_that_a_crash_left_is_not_made_again`,
//!   `mailbox::mishaps::a_full_mailbox_refuses_copies_and_loses_nothing`
//! - **B8, one mail stops all**: its reading fails or kills the process, and it is read again for ever.
//!   `cli::troubles::a_mail_whose_reading_ends_the_process_is_put_aside_and_blocks_no_other`,
//!   `crash::points::a_death_at_any_step_loses_nothing_with_a_maildir`,
//!   `message::hostile::limits_of_structure_are_answered`, `store::mails::*::only_a_mail_read_alone_is_blamed`
//! - **B9, all is fetched again**: a mail for which nothing is to be done is not remembered.
//!   `e2e_left::what_cannot_be_moved_is_judged_and_answered_once`,
//!   `store::left::*::a_mail_left_is_known_by_its_position_and_not_moved_again`
//! - **B10, only the last days are looked at**: what came before a long stop is never read.
//!   `cli::troubles::a_mail_that_waited_for_years_is_read_like_any_other`
//! - **B11, traps of the IMAP library**: waits without end, failures that read as success, mail missed before the wait.
//!   `mailbox::scripted::connecting::the_end_of_the_connection_is_noticed_at_each_step`,
//!   `mailbox::scripted::connecting::a_silent_server_is_left_at_each_step`,
//!   `mailbox::scripted::answers::hostile_answers_end_the_session`,
//!   `mailbox::waiting::mail_that_came_between_the_list_and_the_wait_is_noticed`
//! - **B12, robots that answer each other**.
//!   `cli::troubles::our_own_replies_and_what_comes_back_for_them_are_never_answered`,
//!   `message::envelope::machines_are_not_answered`, `answered::two_robots_that_answer_each_other_stop_after_one_mail`
//! - **B13, a queue that drops or swaps**: at its limit, at a restart, at an upgrade, by two who treat the same entry.
//!   `store::interleavings::the_newest_that_is_not_refused_is_held_in_the_end`,
//!   `store::interleavings::the_newest_that_is_not_refused_is_held_in_the_end_on_a_server`,
//!   `store::faults::rows_that_wait_survive_an_upgrade`,
//!   `store::workers::workers_side_by_side_share_the_locations_and_send_none_twice`,
//!   `soak::several_workers_outlast_deaths_clocks_and_servers`
//! - **B14, a missing answer taken for a failure**: the request is repeated in a flood, or applied after a newer one.
//!   `cli::troubles::a_request_applied_after_a_newer_count_does_not_last`,
//!   `cli::troubles::a_request_that_a_crash_left_behind_does_not_last_either`,
//!   `store::precedence::*::the_newest_is_sent_again_after_a_request_in_doubt`
//! - **B15, what is dropped is not counted**. `store::conservation::the_balance_holds_at_every_step`,
//!   `store::conservation::the_balance_holds_at_every_step_on_a_server`
//! - **B16, alarms by the hundred, or for a blink**: each failed try is told, or the wrong one is.
//!   `cli::troubles::an_outage_is_told_once_and_its_end_once`,
//!   `cli::troubles::a_ror_that_fails_rejects_nothing_and_fills_no_inbox`,
//!   `store::replies::*::withheld_rejections_leave_in_one_digest_once`
//! - **B17, a store that grows and slows down**. `store::plans::no_hot_statement_reads_a_whole_table`,
//!   `store::plans::no_hot_statement_reads_a_whole_table_of_a_server`, `store::purge::*::contents_go_in_their_time`,
//!   `store::purge::nothing_of_a_patient_document_is_left_on_the_disk`
//! - **B18, a fault of ours held against the mail**: the disk is full, and the mail is marked as treated.
//!   `faults::store::a_store_that_cannot_be_written_to_is_waited_for_and_loses_nothing`,
//!   `store::faults::faults_of_a_file_are_told_apart`, `store::faults::faults_of_a_server_are_told_apart`,
//!   `cli::workers::a_server_that_goes_away_is_waited_for`
//! - **B19, credentials that expire unseen**: a refused login looks like an empty mailbox.
//!   `mailbox::refusals::each_refusal_has_its_name`, `e2e_mail::a_refused_login_costs_no_reply_a_try`,
//!   `ror::token::a_second_401_is_our_side`, `tls::expiry::each_threshold_is_told_once_and_each_day_after_the_end`
//!
//! Faults that are brought about elsewhere than in [`crate::faults`]:
//!
//! - a gateway's bare 403 or 404: `cli::troubles::a_ror_that_fails_rejects_nothing_and_fills_no_inbox`,
//!   `ror::refusals::only_an_outcome_rejects_a_row`
//! - wrong certificates: `tls::servers::a_server_with_a_bad_certificate_is_refused_by_name_and_told_nothing`,
//!   `smtp::refusal::a_missing_or_foreign_client_certificate_is_ours_to_mend`,
//!   `ror::transport::the_token_endpoint_refuses_a_rogue_certificate`
//! - wrong credentials: `mailbox::refusals::each_refusal_has_its_name`, `e2e_mail::a_refused_login_costs_no_reply_a_try`
//! - a mailbox emptied by somebody else:
//!   `faults::emptied::a_mail_that_was_stored_is_judged_and_answered_although_somebody_deleted_it`,
//!   `mailbox::behaviour::a_mail_that_has_gone_is_absent_and_filed_as_gone`
//! - a full mailbox: `mailbox::mishaps::a_full_mailbox_refuses_copies_and_loses_nothing`
//! - a request applied late: `ror::faults::a_request_treated_after_its_deadline_overwrites_the_newer_count`
//! - a clock that is set, and the nights when the hour changes:
//!   `delivery::clock::*::a_clock_set_back_delays_no_retry`,
//!   `delivery::clock::*::a_clock_set_back_or_forward_leaves_a_hold_its_length`,
//!   `delivery::clock::*::on_the_nights_when_the_hour_changes_the_newest_is_the_newest`,
//!   `cli::clock::a_clock_that_is_set_back_and_forward_stops_nothing`
//! - many mails at once: `faults::crowd::many_mails_at_once_are_all_treated`
//! - a database server that is restarted: `cli::workers::a_server_that_goes_away_is_waited_for`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const TABLE: &str = include_str!("lessons.rs");

/// What stands in the head of this file.
fn head() -> impl Iterator<Item = &'static str> {
    TABLE.lines().map_while(|line| line.strip_prefix("//!"))
}

/// The tests of this program, as it lists them, and those of the members.
fn tests() -> BTreeSet<String> {
    let listed = Command::new(std::env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let mut tests: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
    for member in ["domain", "reading", "judging", "campaign"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(member), "", &mut tests);
    }
    tests
}

/// The tests that the files of a folder declare, under the modules that the files are.
fn collect(folder: &Path, module: &str, tests: &mut BTreeSet<String>) {
    for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inside = if name == "mod" { module.to_owned() } else { format!("{module}{name}::") };
        if path.is_dir() {
            collect(&path, &inside, tests);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let declared = text.split("#[test]").skip(1).filter_map(|after| after.split_once("fn ")?.1.split_once('('));
            tests.extend(declared.map(|(test, _)| format!("{inside}{test}")));
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = tests();
    let quoted = head().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|name| !name.starts_with("crate::"));
    let mut named = 0;
    for name in quoted {
        // `*` stands for both engines.
        for engine in ["sqlite", "postgres"] {
            assert!(tests.contains(&name.replace('*', engine)), "« {name} » is no test");
        }
        named += 1;
    }
    assert!(named > 60, "{named}");
}

#[test]
fn every_class_has_its_line() {
    let classes = head().filter_map(|line| line.strip_prefix(" - **B")?.split_once(',')).map(|(number, _)| number);
    let wanted: Vec<String> = (1..=19).map(|number: u8| number.to_string()).collect();
    assert_eq!(classes.collect::<Vec<_>>(), wanted);
}
