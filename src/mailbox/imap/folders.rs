//! The folders that judged mails are filed in: found, or made.

use async_imap::imap_proto::{MailboxDatum, NameAttribute, Response};

use super::super::error::{MailboxError, Step};
use super::super::folder::{Destinations, Name};
use super::command::Connection;

/// Makes the folders that are missing, and subscribes to them so that mail programs show them.
pub(super) async fn make(connection: &mut Connection, destinations: &Destinations) -> Result<(), MailboxError> {
    for name in destinations.names() {
        if !exists(connection, name).await? {
            create(connection, name).await?;
        }
    }
    Ok(())
}

pub(super) async fn exists(connection: &mut Connection, name: &Name) -> Result<bool, MailboxError> {
    let mut found = false;
    let mut see = |response: &Response<'_>| {
        if let Response::MailboxData(MailboxDatum::List(listed)) = response {
            found |= listed.name == name.wire() && !listed.name_attributes.iter().any(is_no_folder);
        }
    };
    let command = format!("LIST \"\" \"{}\"", name.wire());
    connection.run(Step::Folders, &command, 0, &mut see).await?.or_refused(Step::Folders)?;
    Ok(found)
}

async fn create(connection: &mut Connection, name: &Name) -> Result<(), MailboxError> {
    let command = format!("CREATE \"{}\"", name.wire());
    connection.order(Step::Folders, &command).await?.or_missing(Step::Folders, name)?;
    // A folder that nobody is subscribed to works as well.
    connection.order(Step::Folders, &format!("SUBSCRIBE \"{}\"", name.wire())).await?;
    Ok(())
}

/// A name in a hierarchy, which holds no mail (RFC 3501, section 7.2.2; RFC 5258, section 3.1).
fn is_no_folder(attribute: &NameAttribute<'_>) -> bool {
    match attribute {
        NameAttribute::NoSelect => true,
        NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
        _ => false,
    }
}
