//! A server that gives mails other numbers under the same UIDVALIDITY, against RFC 3501 (section 2.3.1.1): where mails
//! stay in the folder that is read, each would be taken for its neighbour.

use tracing::warn;

use super::intake::{Intake, IntakeError};
use super::strays::Strays;
use crate::mailbox::{Fetched, Position, Session};

impl Intake {
    /// Whether the mails just fetched are really others than those of the same bytes that stay here: looked at where
    /// these were. Otherwise all that stay are to be found anew, by the next sweep.
    pub(super) async fn are_others(
        &self,
        session: Session,
        strays: &Strays,
        fetched: &[Fetched],
    ) -> Result<(Session, bool), IntakeError> {
        let (session, there) = self.look(session, &strays.twins(fetched)).await?;
        let renumbered = strays.is_another(&there);
        self.mind(renumbered).await?;
        Ok((session, !renumbered))
    }

    /// Whether the mails that are missing have gone, and others did not only change their numbers.
    pub(super) async fn have_gone(&self, session: Session, strays: &Strays) -> Result<(Session, bool), IntakeError> {
        let witness: Vec<Position> = strays.witness().into_iter().collect();
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

    async fn look(&self, session: Session, positions: &[Position]) -> Result<(Session, Vec<Fetched>), IntakeError> {
        if positions.is_empty() {
            return Ok((session, Vec::new()));
        }
        let (session, haul) = session.fetch(positions, self.limits()).await?;
        Ok((session, haul.mails))
    }
}
