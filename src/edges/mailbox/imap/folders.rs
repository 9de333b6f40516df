//! The folders that judged mails are filed in: found, or made.

use std::collections::BTreeMap;

use async_imap::imap_proto::{MailboxDatum, NameAttribute, Response};

use super::super::error::{MailboxError, MailboxStep};
use super::super::folder::{Destinations, Name};
use super::super::mail::Folder;
use super::exchange::{CommandAnswer, Filing, ImapConnection};

/// The response code of a folder that is there, though we may not see it (RFC 5530, section 3).
const THERE: &str = "[ALREADYEXISTS]";

/// Makes the folders that are missing, and subscribes to them so that mail programs show them. Gives
/// those that cannot be made, with the server's words: none of them is a reason not to read mails.
pub(super) async fn make(
    connection: &mut ImapConnection,
    destinations: &Destinations,
    filing: Filing,
) -> Result<BTreeMap<Folder, String>, MailboxError> {
    let mut refused = BTreeMap::new();
    if !filing.moves() {
        return Ok(refused);
    }
    for (folder, name) in destinations.all() {
        // Where the server lists nothing, the first mail that is filed shows whether its folder is there.
        let is_missing = exists(connection, name).await? == Ok(false);
        if is_missing && let CommandAnswer::Refused(said) = create(connection, name).await? {
            refused.insert(folder, said);
        }
    }
    Ok(refused)
}

/// Whether a folder is there, or why the server does not say so.
pub(super) async fn exists(connection: &mut ImapConnection, name: &Name) -> Result<Result<bool, String>, MailboxError> {
    let mut found = false;
    let mut see = |response: &Response<'_>| {
        if let Response::MailboxData(MailboxDatum::List(listed)) = response {
            found |= listed.name == name.wire() && !listed.name_attributes.iter().any(is_no_folder);
        }
    };
    let command = format!("LIST \"\" \"{}\"", name.wire());
    Ok(match connection.run(MailboxStep::Folders, &command, 0, &mut see).await? {
        CommandAnswer::Ok => Ok(found),
        CommandAnswer::Refused(said) => Err(said),
    })
}

pub(super) async fn create(connection: &mut ImapConnection, name: &Name) -> Result<CommandAnswer, MailboxError> {
    let made = connection.order(MailboxStep::Folders, &format!("CREATE \"{}\"", name.wire())).await?;
    match made {
        CommandAnswer::Refused(said) if said.contains(THERE) => Ok(CommandAnswer::Ok),
        CommandAnswer::Refused(_) => Ok(made),
        CommandAnswer::Ok => {
            // A folder that nobody is subscribed to works as well.
            connection.order(MailboxStep::Folders, &format!("SUBSCRIBE \"{}\"", name.wire())).await?;
            Ok(CommandAnswer::Ok)
        }
    }
}

/// A name in a hierarchy, which holds no mail (RFC 3501, section 7.2.2; RFC 5258, section 3.1).
fn is_no_folder(attribute: &NameAttribute<'_>) -> bool {
    match attribute {
        NameAttribute::NoSelect => true,
        NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
        _ => false,
    }
}
