//! The defects of one document while it is judged: kept up to a limit, beyond it only counted.

use domain::defect::{Defect, Severity};

/// The most defects of one document that are told one by one.
const MAX_DEFECTS: usize = 500;

/// Defects found so far. What is beyond the limit is never made, so that a hostile document costs no more than an
/// honest one of its size.
#[derive(Debug, Default)]
pub(super) struct Collected {
    kept: Vec<Defect>,
    rejections: usize,
    warnings: usize,
}

impl Collected {
    /// With what the reader found, which has a limit of its own.
    pub(super) fn of(kept: Vec<Defect>) -> Self {
        let rejections = kept.iter().filter(|defect| defect.is_rejection()).count();
        Self { rejections, warnings: kept.len() - rejections, kept }
    }

    /// Adds a defect of this severity: rejections and warnings have each a limit.
    pub(super) fn note(&mut self, severity: Severity, make: impl FnOnce() -> Defect) {
        let count = match severity {
            Severity::Rejet => &mut self.rejections,
            Severity::Avertissement => &mut self.warnings,
        };
        *count += 1;
        if *count <= MAX_DEFECTS {
            self.kept.push(make());
        }
    }

    /// Whether anything was rejected.
    pub(super) fn rejects(&self) -> bool {
        self.rejections > 0
    }

    /// The defects in document order; the last one says how many more there are.
    pub(super) fn into_defects(self) -> Vec<Defect> {
        let mut defects = self.kept;
        defects.sort_by_key(|defect| (defect.place().line.unwrap_or(0), defect.place().column.unwrap_or(0)));
        let more = (self.rejections + self.warnings).saturating_sub(MAX_DEFECTS);
        if more == 0 {
            return defects;
        }
        // A rejection stays among those kept, whatever the order.
        defects.sort_by_key(|defect| !defect.is_rejection());
        defects.truncate(MAX_DEFECTS);
        if let Some(last) = defects.pop() {
            defects.push(last.detail(format!("{more} autres défauts ne sont pas détaillés.")));
        }
        defects
    }
}

#[cfg(test)]
mod tests {
    use crate::judgement::{Context, Rules, judge};
    use domain::defect::made;
    use reading::report::{DocumentLimits, read};

    /// A document with so many counts, each wrong in this way.
    fn document(counts: usize, count: &str) -> String {
        let counts = count.repeat(counts);
        format!(
            "<disponibilites xmlns=\"urn:fr:dispolits:disponibilites:1\" identifiant=\"A\" \
             dateEmission=\"2026-11-23T07:55:12+01:00\"><etablissement finess=\"350054680\"><service code=\"A\" \
             dateReleve=\"2026-11-23T07:50:00+01:00\">{counts}</service></etablissement></disponibilites>"
        )
    }

    /// The defects made, and those told, for a document of so many such counts.
    fn check(counts: usize, count: &str, most_made: usize, said: &str) {
        let before = made();
        let reading = read("a.xml", document(counts, count).as_bytes(), &DocumentLimits::default());
        let rules = Rules::default();
        let received_at = "2026-11-23T08:00:00+01:00".parse().unwrap();
        let context =
            Context { referential: None, sender: None, received_at, rules: &rules, identifiant_reused: false };
        let judged = judge(reading, &context);
        assert!(made() - before <= most_made, "{count}: {} defects made", made() - before);
        assert!(judged.defects.len() <= super::MAX_DEFECTS);
        let told = judged.defects.iter().any(|defect| defect.message().contains(said));
        assert!(told, "{count}: {:?}", judged.defects.last());
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_never_made() {
        check(49_000, "<capacite statut=\"occupe\" nombre=\"-1\"/>", 800, "autres défauts");
        check(49_000, "<capacite statut=\"occupe\" nombre=\"1\"/>", 800, "48500 autres défauts");
        check(49_000, "<capacite statut=\"libre\" nombre=\"1\"/>", 300, "48800 autres défauts");
        check(40_000, "<capacite statut=\"occupe\" nombre=\"1\">x</capacite>", 800, "39800 autres défauts");
        check(49_000, "<lit/>", 300, "48800 autres défauts");
    }
}
