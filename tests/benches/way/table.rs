//! The table that a run prints.

use std::fmt;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::hospital::{COUNTS, SERVICES};
use crate::latency::Latencies;
use crate::limits::Limits;
use crate::{Drained, Outage};

const KIBI: f64 = 1024.0;

pub(crate) struct Table(Vec<[String; 2]>);

impl Table {
    pub(crate) fn new(asked: &Arguments) -> Self {
        let setting = if asked.coalesce {
            "100 unités : chacun remplace les précédents"
        } else {
            "chaque indicateur une fois"
        };
        let mut table = Self(Vec::new());
        table.add("courriels", format!("{} ({setting})", asked.mails));
        if asked.backlog > 0 {
            table.add("courriels qui attendent derrière", asked.backlog.to_string());
        }
        table
    }

    pub(crate) fn drained(&mut self, drained: &Drained, limits: &Limits) {
        let (mails, requests) = (float(drained.mails), float(drained.requests));
        let seconds = drained.took.as_secs_f64();
        self.add("durée", format!("{seconds:.1} s"));
        self.add("courriels par seconde", format!("{:.1}", mails / seconds));
        self.add("requêtes par seconde", format!("{:.0}", requests / seconds));
        self.add("requêtes par courriel", format!("{:.1}", requests / mails));
        self.add("processeur par courriel", format!("{:.1} ms", drained.cpu.as_secs_f64() * 1000.0 / mails));
        self.add("mémoire, au plus", mebibytes(drained.peak));
        let slowest = [limits.mails, limits.commits, limits.requests * mails / requests];
        let slowest = slowest.into_iter().fold(f64::INFINITY, f64::min);
        self.add("part de la limite la plus basse", format!("{:.0} %", 100.0 * mails / seconds / slowest));
    }

    pub(crate) fn outage(&mut self, outage: &Outage) {
        self.add("capacités qui attendent un ROR en panne", outage.waiting.to_string());
        self.add("mémoire, au plus", mebibytes(outage.peak));
    }

    pub(crate) fn restart(&mut self, took: Duration) {
        self.add("redémarrage → première requête acquittée", format!("{} ms", took.as_millis()));
    }

    pub(crate) fn latency(&mut self, latencies: &Latencies) {
        let [half, most, nearly] = [50, 95, 99].map(|percent| latencies.percentile(percent));
        let name =
            format!("annonce (EXISTS) → dernier acquittement, {} courriels à 10/s, p50 / p95 / p99", latencies.count());
        self.add(&name, format!("{half} / {most} / {nearly} ms"));
    }

    pub(crate) fn limits(&mut self, limits: &Limits) {
        self.add("limite : relève et classement seuls", format!("{:.0} courriels/s", limits.mails));
        self.add("limite : validation seule", format!("{:.0} courriels/s", limits.commits));
        let counts = float(SERVICES * COUNTS.len());
        let mails = limits.requests / counts;
        self.add("limite : PATCH seul", format!("{:.0} requêtes/s, soit {mails:.0} courriels/s", limits.requests));
    }

    fn add(&mut self, name: &str, value: String) {
        self.0.push([name.to_owned(), value]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| mesure | valeur |\n|---|---|")?;
        self.0.iter().try_for_each(|[name, value]| writeln!(f, "| {name} | {value} |"))
    }
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} Mio", float(usize::try_from(bytes / 1024).unwrap()) / KIBI)
}
