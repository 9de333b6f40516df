//! Whether a chain is whole, and where it is not.

use super::{AuditHead, Record};

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Numbers that are not there.
    #[error("enregistrements retirés : {}", range(*.0, *.1))]
    Missing(i64, i64),
    /// A number that came before, or out of its place.
    #[error("enregistrement {0} ajouté ou déplacé")]
    Misplaced(i64),
    /// A record whose hash does not cover it and the one before it.
    #[error("enregistrement {0} modifié, ou mis à la place d’un autre")]
    Changed(i64),
    /// The head that was kept elsewhere is beyond the end.
    #[error("la fin du journal manque : il s’arrête à {found}, la tête conservée est à {kept}")]
    Cut {
        /// The last number found.
        found: i64,
        /// That of the head.
        kept: i64,
    },
    /// The head that was kept elsewhere is not on this chain.
    #[error("enregistrement {0} : son empreinte n’est pas celle de la tête conservée ; le journal a été réécrit")]
    Rewritten(i64),
}

fn range(first: i64, last: i64) -> String {
    if first == last { first.to_string() } else { format!("{first} à {last}") }
}

/// A verification under way: give it the records in the order in which they are kept.
#[derive(Debug)]
pub struct Verification {
    head: AuditHead,
    kept: Option<AuditHead>,
    broken: Vec<Broken>,
}

impl Verification {
    /// From the first record on; against a head that was kept elsewhere, if there is one.
    pub fn new(kept: Option<AuditHead>) -> Self {
        Self { head: AuditHead::empty(), kept, broken: Vec::new() }
    }

    /// Takes the next record. After a fault it goes on from what it found, so that each fault is named once.
    pub fn take(&mut self, record: &Record) {
        let expected = self.head.number + 1;
        if record.numero < expected {
            self.broken.push(Broken::Misplaced(record.numero));
            return;
        }
        if record.numero > expected {
            self.broken.push(Broken::Missing(expected, record.numero - 1));
        } else if record.hash(&self.head.hash) != record.empreinte {
            self.broken.push(Broken::Changed(record.numero));
        }
        self.head = record.head();
        if self.kept.as_ref().is_some_and(|kept| kept.number == record.numero && kept.hash != record.empreinte) {
            self.broken.push(Broken::Rewritten(record.numero));
        }
    }

    /// The last record seen, and everything that is wrong.
    pub fn end(mut self) -> (AuditHead, Vec<Broken>) {
        if let Some(kept) = self.kept.filter(|kept| kept.number > self.head.number) {
            self.broken.push(Broken::Cut { found: self.head.number, kept: kept.number });
        }
        (self.head, self.broken)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{AuditEntry, Deed, HeadError};
    use super::*;

    fn chain(length: i64) -> Vec<Record> {
        let mut head = AuditHead::empty();
        let record = |number: i64| {
            let entry =
                AuditEntry::new("local:anne", Deed::Traiter, format!("courriel {number}")).changing("", "traité");
            let at = Timestamp::from_millisecond(1_700_000_000_123 + number).unwrap();
            let record = Record::following(&head, &entry.noting("vu"), at);
            head = record.head();
            record
        };
        (1..=length).map(record).collect()
    }

    fn verify(records: &[Record], kept: Option<AuditHead>) -> Vec<String> {
        let mut verification = Verification::new(kept);
        for record in records {
            verification.take(record);
        }
        verification.end().1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_chain_verifies_and_goes_through_json() {
        let records = chain(5);
        assert_eq!(verify(&records, None), [""; 0]);
        let json = serde_json::to_string(&records).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Record>>(&json).unwrap(), records);
        for record in &records {
            assert_eq!(verify(&records, Some(record.head())), [""; 0]);
        }
        assert_eq!(verify(&[], None), [""; 0]);
    }

    #[test]
    fn every_field_is_covered() {
        let changes: [fn(&mut Record); 8] = [
            |record| record.a = Timestamp::from_second(1).unwrap(),
            |record| record.qui.push('x'),
            |record| record.acte = "rejouer".to_owned(),
            |record| record.objet.push('x'),
            |record| record.avant.push('x'),
            |record| record.apres.push('x'),
            |record| record.note.push('x'),
            |record| record.empreinte = "0".repeat(64),
        ];
        for (rank, change) in changes.into_iter().enumerate() {
            let mut records = chain(5);
            change(&mut records[2]);
            let told = verify(&records, None);
            assert!(told[0].starts_with("enregistrement 3 modifié"), "{rank}: {told:?}");
        }
        // What moves from one field to the next is another record.
        let mut records = chain(1);
        let note = std::mem::take(&mut records[0].note);
        records[0].apres.push_str(&note);
        assert_eq!(verify(&records, None).len(), 1);
    }

    #[test]
    fn what_was_removed_inserted_or_moved_is_named() {
        let records = chain(6);
        let mut removed = records.clone();
        removed.drain(2..4);
        assert_eq!(verify(&removed, None), ["enregistrements retirés : 3 à 4"]);
        let mut renumbered = removed.clone();
        renumbered[2].numero = 3;
        renumbered[3].numero = 4;
        assert!(verify(&renumbered, None)[0].starts_with("enregistrement 3 modifié"));
        let mut inserted = records.clone();
        inserted.insert(3, records[1].clone());
        assert_eq!(verify(&inserted, None), ["enregistrement 2 ajouté ou déplacé"]);
        let mut moved = records.clone();
        moved.swap(2, 3);
        assert_eq!(verify(&moved, None), ["enregistrements retirés : 3", "enregistrement 3 ajouté ou déplacé"]);
    }

    #[test]
    fn a_kept_head_tells_of_a_cut_end_and_of_another_chain() {
        let records = chain(6);
        let head = records[5].head();
        assert_eq!(head.to_string().parse::<AuditHead>().unwrap(), head);
        assert_eq!(verify(&records[..4], None), [""; 0], "the chain alone cannot tell");
        assert_eq!(
            verify(&records[..4], Some(head.clone())),
            ["la fin du journal manque : il s’arrête à 4, la tête conservée est à 6"]
        );
        let mut forged = AuditHead::empty();
        let rewritten: Vec<Record> = (0..6)
            .map(|_| {
                let entry = AuditEntry::new("local:eve", Deed::Rejouer, "courriel 1");
                let record = Record::following(&forged, &entry, Timestamp::UNIX_EPOCH);
                forged = record.head();
                record
            })
            .collect();
        assert_eq!(verify(&rewritten, None), [""; 0]);
        assert!(verify(&rewritten, Some(head))[0].contains("a été réécrit"));
        for text in ["", "1", "x:00", "-1:00", "1:zz"] {
            assert_eq!(text.parse::<AuditHead>(), Err(HeadError), "{text}");
        }
    }
}
