//! From the bytes of a mail to its documents, from the bytes of a document to the counts it declares.

pub mod message;
pub mod report;
