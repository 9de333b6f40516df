//! A server that gives mails other numbers under the same UIDVALIDITY, against RFC 3501 (section 2.3.1.1): where mails
//! stay in the folder that is read, each would be taken for its neighbour.

use tracing::warn;

use super::left_mails::may_be_of_a_mail;
use super::missing::MissingMails;
use super::{Intake, IntakeError};
use edges::mailbox::{Fetched, MailboxError, MailboxSession, Position};

impl Intake {
    /// Whether the mails just fetched are really others than those of the same bytes that stay here: looked at where
    /// these were. Otherwise all that stay are to be found anew, by the next sweep.
    pub(in crate::pipeline) async fn are_others(
        &self,
        session: MailboxSession,
        strays: &MissingMails,
        fetched: &[Fetched],
    ) -> Result<(MailboxSession, bool), IntakeError> {
        let (session, there) = self.look(session, &strays.twins(fetched)).await?;
        let renumbered = strays.is_another(&there);
        self.mind(renumbered).await?;
        Ok((session, !renumbered))
    }

    /// Whether the mails that are missing have gone, and others did not only change their numbers.
    pub(in crate::pipeline) async fn have_gone(
        &self,
        session: MailboxSession,
        strays: &MissingMails,
    ) -> Result<(MailboxSession, bool), IntakeError> {
        let now = self.judge.now();
        let witness = strays.witness(|position| self.doubted.rests(position, now));
        let witness: Vec<Position> = witness.into_iter().collect();
        let (session, there) = self.look(session, &witness).await?;
        let renumbered = strays.is_displaced(&there);
        self.mind(renumbered).await?;
        Ok((session, !renumbered))
    }

    async fn mind(&self, renumbered: bool) -> Result<(), IntakeError> {
        if renumbered {
            warn!(
                "le serveur a renuméroté la boîte sans le dire : les courriels qui y restent sont reconnus à leur contenu"
            );
            self.judge.store().forget_positions(&self.judge.duty()?, &self.judge.account).await?;
        }
        Ok(())
    }

    /// What is at these positions, but for those with which sessions ended before: they are let alone for a while, so that
    /// one mail that ends every session keeps no other waiting.
    async fn look(
        &self,
        session: MailboxSession,
        positions: &[Position],
    ) -> Result<(MailboxSession, Vec<Fetched>), IntakeError> {
        let now = self.judge.now();
        let due = positions.iter().filter(|position| !self.doubted.rests(position, now)).cloned();
        let (alone, together): (Vec<_>, Vec<_>) = due.partition(|position| self.doubted.has(position));
        let (mut session, mut mails) = (session, Vec::new());
        for set in [together.as_slice()].into_iter().chain(alone.chunks(1)).filter(|set| !set.is_empty()) {
            let haul;
            (session, haul) = match session.fetch(set, self.limits()).await {
                Ok(read) => read,
                Err(failure) => return Err(self.blame_look(set, failure)),
            };
            for position in set {
                self.doubted.cleared(position);
            }
            mails.extend(haul.mails);
        }
        Ok((session, mails))
    }

    fn blame_look(&self, set: &[Position], failure: MailboxError) -> IntakeError {
        if may_be_of_a_mail(&failure) {
            self.doubted.ended_with(set, self.judge.now());
            if let [position] = set {
                warn!(position = %position, "la connexion s’est rompue en relisant un courriel déjà reçu ({position}) : il n’est plus relu pour un temps");
            }
        }
        failure.into()
    }
}
