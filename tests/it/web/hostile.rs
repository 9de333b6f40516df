//! What a hostile sender puts into a mail is shown as text and does nothing.
