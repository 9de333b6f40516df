//! Commands that change something: which of them may be believed.

use super::{Then, check, told};

#[tokio::test(start_paused = true)]
async fn checked_commands_report_the_end_of_the_connection() {
    let closes = Then::Closes;
    check(&[("NOOP", "")], closes, async |mut s| told(s.run_command_and_check_ok("NOOP").await), "ConnectionLost")
        .await;
    check(&[("MOVE", "")], closes, async |mut s| told(s.uid_mv("1", "Traites").await), "ConnectionLost").await;
    check(&[("COPY", "")], closes, async |mut s| told(s.uid_copy("1", "Traites").await), "ConnectionLost").await;
    let store = "UID STORE 1 +FLAGS.SILENT (\\Seen)";
    check(&[("STORE", "")], closes, async |mut s| told(s.run_command_and_check_ok(store).await), "ConnectionLost")
        .await;
}

#[tokio::test(start_paused = true)]
async fn checked_commands_report_a_refusal() {
    let no = "{T} NO [TRYCREATE] non\r\n";
    let waits = Then::IsSilent;
    let refused = "Err(No(\"code: Some(TryCreate), info: Some(\\\"non\\\")\"))";
    check(&[("MOVE", no)], waits, async |mut s| told(s.uid_mv("1", "Traites").await), refused).await;
    check(&[("COPY", no)], waits, async |mut s| told(s.uid_copy("1", "Traites").await), refused).await;
    let store = "UID STORE 1 +FLAGS.SILENT (\\Seen)";
    check(&[("STORE", no)], waits, async |mut s| told(s.run_command_and_check_ok(store).await), refused).await;
    check(&[("SELECT", no)], waits, async |mut s| told(s.select("X").await), "Err(No(").await;
}
