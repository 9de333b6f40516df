//! A real server that lets us read, and lets us put nothing into one folder: the mails behind it are judged and
//! answered at once, and those that were refused are filed when it gives way, each once.
#![cfg(test)]

use edges::mailbox::Security;

use crate::dovecot::{ACL, ClientCertificate, Dovecot};
use crate::served::{deliver, replies, start, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_without_the_right_to_insert_holds_nothing_back() {
    for more in ["", "imap_capability = IMAP4rev1 SASL-IR ID IDLE UIDPLUS ACL\n"] {
        let mut dovecot = Dovecot::start_with(ClientCertificate::Unasked, &format!("{ACL}{more}"));
        dovecot.write("acls", "Rejets owner lrswtpek\n");
        let folder = tempfile::tempdir().unwrap();
        let sandbox = start(folder.path(), &dovecot, dovecot.section(Security::Tls)).await;
        let settled = async |mails: i64| {
            until(&format!("{mails} mails settled"), async || {
                let balance = sandbox.store.balance(None).await.unwrap();
                balance.recus == mails && balance.en_cours == 0
            })
            .await;
        };
        for rank in 1..=4 {
            deliver(&dovecot, &format!("m{rank}"), &format!("courriel-{rank}"));
            settled(rank).await;
        }
        until("one reply to each", async || replies(&sandbox, 4).await == [1; 4]).await;
        assert_eq!((dovecot.mails("").len(), dovecot.mails("Rejets").len()), (4, 0), "{more}");

        dovecot.write("acls", "");
        dovecot.restart();
        until("all to be filed", async || dovecot.mails("Rejets").len() == 4 && dovecot.mails("").is_empty()).await;
        deliver(&dovecot, "apres", "apres");
        settled(5).await;
        until("one reply to each", async || replies(&sandbox, 5).await == [1; 5]).await;
        until("it to be filed", async || dovecot.mails("Rejets").len() == 5).await;
        let balance = sandbox.store.balance(None).await.unwrap();
        assert_eq!((balance.rejetes, balance.doublons), (5, 0), "{balance:?}");
        sandbox.stop().await.unwrap();
    }
}
